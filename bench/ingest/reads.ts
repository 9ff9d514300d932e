import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningGateway } from '../start-gateway.js';
import { quantiles, startLoad } from './delays.js';
import { ask, postAll, toMutation } from './gateway-clients.js';
import { rowsFrom, toInputRow } from './rows.js';
import { toBatches } from './throughput.js';

const SECONDS = 10;
const EVERY_MS = 50;
const ENTITIES = 10_000;
const WRITTEN_PER_SECOND = 5_000;

/** Small reads alone, and beside 5,000 written rows a second: now, and as of a moment, in turn. */
export async function measureReads({ url }: Pick<RunningGateway, 'url'>): Promise<void> {
  const bodies = toBatches(rowsFrom(0, ENTITIES, ENTITIES).map(toInputRow), 1_000).map(toMutation);
  await postAll(url, bodies, 4);
  console.log('rows/s written | reads now p50 / p99 ms | reads as of a moment p50 / p99 ms');
  for (const rowsPerSecond of [0, WRITTEN_PER_SECOND, 0, WRITTEN_PER_SECOND]) {
    const load = startLoad(url, rowsPerSecond);
    const now = await read(url, '');
    const asOf = await read(url, ', asOf: "2020-01-01T00:01:00Z"');
    console.log([(await load.stop()).toFixed(0), quantiles(now), quantiles(asOf)].join(' | '));
  }
}

/** A read every 50 ms, whether the one before has its answer or not. */
async function read(url: string, argument: string): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const times: number[] = [];
  const reads: Promise<void>[] = [];
  const end = performance.now() + (SECONDS * 1000) / 2;
  for (let turn = 0; performance.now() < end; turn += 1) {
    const start = performance.now();
    const query = `{ entity(featurestore: "bench", entityType: "customer", entityId: "customer-${(turn * 197) % ENTITIES}"${argument}) {
      features(names: ["orders", "city"]) { value } } }`;
    reads.push(ask(url, query, agent).then(() => void times.push(performance.now() - start)));
    await sleep(EVERY_MS);
  }
  await Promise.all(reads);
  agent.destroy();
  return times;
}
