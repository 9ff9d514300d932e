import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { projectRoot } from '../../config/project-root.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { benchRegistry } from '../bench-registry.js';
import { fillStore } from '../filled-store.js';
import { FEATURES, VARIANTS, variablesOf, WORKLOADS, type Variant, type Workload } from './workloads.js';

/**
 * CPU time of a request, beside the best peer and beside plain JSON. The servers take turns in rounds, so that a slow minute
 * of the machine hits all of them; the result is the median of the rounds, by the CPU time of the server's own process.
 * `npm run bench:serving [rounds] [requests] [workload]`
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const SHARE = Number(process.argv[3] ?? 1);
const ONLY = process.argv[4] ?? '';
const STORED = 20_000;
const CONNECTIONS = 16;
/** Values that a round asks for: a round takes about as long for each workload. */
const VALUES_OF_A_ROUND = 300_000;
const MAX_REQUESTS = 4_000;

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

const folder = mkdtempSync(join(tmpdir(), 'featuregraph-serving-'));
const filled = new LmdbOnlineStore(folder);
await fillStore(filled, benchRegistry(FEATURES).entityType('bench', 'thing'), STORED);
await filled.close();

const running = new Map<Variant, Running>();
for (const variant of VARIANTS) {
  // A log goes to /dev/null: writing it is measured, and reading it is not.
  const child = fork(join(import.meta.dirname, 'server.js'), [variant, folder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  running.set(variant, { child, port });
}

const results: Record<string, Record<string, number>> = {};
for (const workload of WORKLOADS.filter(({ name }) => name.startsWith(ONLY))) {
  await requireSameAnswers(workload);
  const requests = Math.min(
    MAX_REQUESTS,
    Math.ceil((SHARE * VALUES_OF_A_ROUND) / (workload.entities * workload.features)),
  );
  const micros = new Map<Variant, number[]>(VARIANTS.map((variant) => [variant, []]));
  for (const server of running.values()) await measure(server, workload, requests);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [variant, server] of running) micros.get(variant)!.push(await measure(server, workload, requests));
  }
  const medians = new Map(VARIANTS.map((variant) => [variant, median(micros.get(variant)!)]));
  const peer = medians.get('mercurius')!;
  console.log(`\n${workload.name}`);
  results[workload.name] = {};
  for (const [variant, value] of medians) {
    results[workload.name]![variant] = Math.round(value);
    console.log(
      `  ${variant.padEnd(14)} ${value.toFixed(0).padStart(6)} µs   ${(value / peer).toFixed(2)} of mercurius   ${(value / medians.get('raw')!).toFixed(2)} of raw`,
    );
  }
}
await writeResults();
for (const { child } of running.values()) child.disconnect();
rmSync(folder, { recursive: true, force: true });

/** Microseconds of CPU time of the server for each request. */
async function measure({ child, port }: Running, workload: Workload, amount: number): Promise<number> {
  const before = await cpu(child);
  const { non2xx, errors } = await autocannon({
    url: `http://127.0.0.1:${port}/graphql`,
    connections: Math.min(CONNECTIONS, amount),
    amount,
    requests: Array.from({ length: 100 }, (_, number) => ({
      method: 'POST' as const,
      headers: { 'content-type': 'application/json' },
      body: bodyOf(workload, number),
    })),
  });
  if (non2xx + errors > 0)
    throw new Error(`${non2xx + errors} requests of ${workload.name} were not answered with 2xx`);
  return ((await cpu(child)) - before) / amount;
}

async function requireSameAnswers(workload: Workload): Promise<void> {
  const answers = new Set<string>();
  for (const { port } of running.values()) {
    // The first time may go another way than the next ones.
    for (let time = 0; time < 3; time += 1) {
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bodyOf(workload, 5),
      });
      answers.add((await response.text()).trim());
    }
  }
  if (answers.size > 1)
    throw new Error(
      `the servers answer ${workload.name} differently:\n${[...answers].map((text) => text.slice(0, 400)).join('\n')}`,
    );
}

function bodyOf(workload: Workload, number: number): string {
  return JSON.stringify({ query: workload.query, variables: variablesOf(workload, number, STORED) });
}

async function cpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpu: used }] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage }];
  return used.user + used.system;
}

async function writeResults(): Promise<void> {
  const file = join(projectRoot, 'bench/serving/results.json');
  await mkdir(join(projectRoot, 'bench/serving'), { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const run = { machine, rounds: ROUNDS, microsecondsOfCpu: results };
  await writeFile(file, `${JSON.stringify(run, undefined, 2)}\n`);
  console.log(`\nwritten to ${file}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
