import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-sse';
import type { RunningGateway } from '../start-gateway.js';
import { ask, LineStream } from './gateway-clients.js';
import { rowOf, toLine } from './rows.js';

const EVERY_MS = 20;
const POLL_MS = 2;

export interface DelayLoads {
  /** Rows a second of other entities that are written meanwhile. */
  readonly loads: readonly number[];
  /** Rows whose delays are measured with each of them. */
  readonly events: number;
}

const EMBEDDED: DelayLoads = { loads: [0, 1_000, 5_000], events: 300 };

/**
 * How long after a row is sent it is acknowledged, can be read, and is with a subscriber. One row every 20 ms by an open
 * `POST /ingest`, alone and beside other writers.
 */
export async function measureDelays(
  { url }: Pick<RunningGateway, 'url'>,
  _folder: string,
  of: DelayLoads = EMBEDDED,
): Promise<void> {
  console.log('other rows/s | acknowledged p50 / p99 ms | readable p50 / p99 ms | with a subscriber p50 / p99 ms');
  let first = 1;
  for (const rowsPerSecond of of.loads) {
    const load = startLoad(url, rowsPerSecond);
    const figures = await measure(url, first, of.events);
    first += of.events;
    const written = await load.stop();
    const label = rowsPerSecond === 0 ? '0' : `${rowsPerSecond} (${written.toFixed(0)} written)`;
    console.log([label, ...figures.map(quantiles)].join(' | '));
  }
}

async function measure(url: string, first: number, events: number): Promise<number[][]> {
  const sentAt = new Map<number, number>();
  const delays = { acknowledged: [] as number[], readable: [] as number[], subscriber: [] as number[] };
  const note = (to: number[], seen: Set<number>, orders: number): void => {
    // An event or a read has the newest value, and thereby all before it.
    for (const [number, at] of sentAt) {
      if (number > orders || seen.has(number)) continue;
      seen.add(number);
      to.push(performance.now() - at);
    }
  };
  const client = createClient({ url, retryAttempts: 0 });
  const subscribed = new Set<number>();
  const end = client.subscribe<{ featureValues: { entities: { features: { value: string | null }[] }[] } }>(
    {
      query: `subscription { featureValues(featurestore: "bench", entityType: "customer", entityIds: ["customer-0"]) {
        entities { features(names: ["orders"]) { value } } } }`,
    },
    {
      next: ({ data }) =>
        note(delays.subscriber, subscribed, Number(data?.featureValues.entities[0]?.features[0]?.value ?? 0)),
      error: (error) => {
        throw error;
      },
      complete: () => undefined,
    },
  );
  const lines = new LineStream(url);
  await sleep(500);

  const readable = new Set<number>();
  const over = new AbortController();
  const polling = (async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!over.signal.aborted) {
      const { entity } = await ask<{ entity: { features: { value: string | null }[] } }>(
        url,
        `{ entity(featurestore: "bench", entityType: "customer", entityId: "customer-0") {
          features(names: ["orders"]) { value } } }`,
        agent,
      );
      note(delays.readable, readable, Number(entity.features[0]?.value ?? 0));
      await sleep(POLL_MS);
    }
    agent.destroy();
  })();

  for (let event = 0; event < events; event += 1) {
    const number = first + event;
    const start = performance.now();
    sentAt.set(number, start);
    await lines.send(toLine(rowOf(number, 1)));
    await lines.acknowledged(event + 1);
    delays.acknowledged.push(performance.now() - start);
    await sleep(Math.max(0, EVERY_MS - (performance.now() - start)));
  }
  while (readable.size < events || subscribed.size < events) await sleep(10);
  over.abort();
  await polling;
  await lines.end();
  end();
  client.dispose();
  return Object.values(delays);
}

let nextOther = 1;

/** Writes rows of other entities at a rate, by one open request. Gives the rows a second that were taken. */
export function startLoad(url: string, rowsPerSecond: number): { readonly stop: () => Promise<number> } {
  const over = new AbortController();
  const begun = performance.now();
  let sent = 0;
  const sending = (async () => {
    if (rowsPerSecond === 0) return;
    const stream = new LineStream(url);
    while (!over.signal.aborted) {
      const due = Math.floor(((performance.now() - begun) / 1000) * rowsPerSecond) - sent;
      const lines = Array.from({ length: due }, () => {
        const row = rowOf((nextOther += 1), 10_000);
        return toLine({ ...row, entityId: `other-${row.entityId}` });
      });
      sent += due;
      if (due > 0) await stream.send(lines.join(''));
      await sleep(10);
    }
    await stream.end();
  })();
  return {
    stop: async () => {
      over.abort();
      await sending;
      return sent / ((performance.now() - begun) / 1000);
    },
  };
}

export function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(1);
  return `${at(0.5)} / ${at(0.99)}`;
}
