import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { startGateway } from '../start-gateway.js';
import { ATTACKS, type Attack } from './attacks.js';
import { makeGatewayFolder } from './gateway-folder.js';

/**
 * What the requests of one client do to another client: the other's small read every 100 ms under each attack, on a
 * fresh gateway with the settings that ship. `npm run bench:overload [seconds] [part of a name]`.
 */
const SECONDS = Number(process.argv[2] ?? 10);
const ONLY = process.argv[3] ?? '';

interface Figures {
  readonly now: number[];
  readonly asOf: number[];
  readonly failures: number;
}

const folder = await makeGatewayFolder();
try {
  console.log(
    'attack | now p50 / p99 ms | asOf p50 / p99 ms | failures | peak RSS MB | answers of the attack by status',
  );
  for (const attack of ATTACKS.filter(({ name }) => name.includes(ONLY))) await measure(attack);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(attack: Attack): Promise<void> {
  const gateway = await startGateway(folder);
  const statuses = new Map<string, number>();
  const prepared = await attack.prepare?.(gateway.url);
  let left = attack.maxRequests ?? Infinity;
  const probe = fork(join(import.meta.dirname, 'probe.js'), [gateway.url]);
  const end = Date.now() + SECONDS * 1000;
  const agent = new Agent({ keepAlive: true, maxSockets: attack.connections });
  await Promise.all([
    new Promise((resolve) => setTimeout(resolve, SECONDS * 1000)),
    ...Array.from({ length: attack.connections }, async () => {
      while (Date.now() < end && (left -= 1) >= 0) {
        const status = await send(gateway.url, attack.body(prepared), agent);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }),
  ]);
  const figures = once(probe, 'message');
  probe.send('stop');
  const [{ now, asOf, failures }] = (await figures) as [Figures];
  const rss = await peakMemory(gateway.child);
  agent.destroy();
  gateway.child.kill('SIGKILL');
  const answers = [...statuses].map(([status, count]) => `${status}: ${count}`).join(', ');
  console.log([attack.name, quantiles(now), quantiles(asOf), failures, rss, answers].join(' | '));
}

/** The status and the first error code of an answer, which is read and thrown away. */
function send(url: string, body: object, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        let start = '';
        response.on('data', (chunk: Buffer) => {
          if (start.length < 2000) start += chunk.toString('latin1');
        });
        response.on('close', () => resolve(`${response.statusCode} ${/"code":"(\w+)"/.exec(start)?.[1] ?? ''}`.trim()));
      },
    );
    sent.on('error', ({ message }) => resolve(message));
    sent.end(JSON.stringify(body));
  });
}

/** Linux alone tells it. */
async function peakMemory({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024);
}

function quantiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(0);
  return `${at(0.5)} / ${at(0.99)}`;
}
