import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest, Agent, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

/**
 * What the first requests of a process cost after it is ready, with the warm-up before and without: the CPU of each of the first,
 * beside the medians of single requests after a few thousand, with the known document and with new documents. All are measured
 * in the same way, because the measurement itself costs CPU. The variants take turns, each time in a new process.
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const FIRST = 6;
const STEADY_AFTER = 4_000;
const STEADY = 100;

const names = Array.from({ length: 10 }, (_, index) => `f${index}`);

/** The documents of different numbers are different for the gateway, and ask for the same. */
function documentOf(number: number): string {
  return `query Board${number}($ids: [ID!]!, $names: [String!]) { entities(featurestore: "bench", entityType: "thing", entityIds: $ids) {
  entityId features(names: $names) { name value status timestamp } } }`;
}

interface Measured {
  readonly first: readonly number[];
  readonly known: number;
  readonly unknown: number;
}

const results: Record<string, Measured[]> = { 'hot-lane': [], warm: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const variant of round % 2 === 0 ? ['hot-lane', 'warm'] : ['warm', 'hot-lane']) {
    results[variant]!.push(await measure(variant));
  }
}
for (const [variant, rows] of Object.entries(results)) {
  const first = Array.from({ length: FIRST }, (_, index) => median(rows.map((row) => row.first[index]!)));
  const known = median(rows.map((row) => row.known));
  const unknown = median(rows.map((row) => row.unknown));
  const ms = (micros: number): string => (micros / 1000).toFixed(1);
  console.log(
    `${variant.padEnd(9)} first requests: ${first.map(ms).join(', ')} ms of CPU; later: ${ms(known)} with the known document, ${ms(unknown)} with a new one; ratio of the first: ${(first[0]! / unknown).toFixed(2)}, of the second: ${(first[1]! / known).toFixed(2)}`,
  );
}

/** Microseconds of CPU of single requests. */
async function measure(variant: string): Promise<Measured> {
  const child = fork(join(import.meta.dirname, 'server.js'), [variant]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let number = 0;
  const ask = (document: number): Promise<void> => send(agent, port, document, number++);
  // What the start itself left to do is not a part of a request.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  // Who waits for the gateway asks whether it is ready.
  await isReady(agent, port);
  await cpu(child);
  const first: number[] = [];
  for (let index = 0; index < FIRST; index += 1) first.push(await cpuOf(child, () => ask(0)));
  for (let index = 0; index < STEADY_AFTER; index += 1) await ask(0);
  const known: number[] = [];
  const unknown: number[] = [];
  for (let index = 1; index <= STEADY; index += 1) {
    known.push(await cpuOf(child, () => ask(0)));
    unknown.push(await cpuOf(child, () => ask(index)));
  }
  agent.destroy();
  child.disconnect();
  return { first, known: median(known), unknown: median(unknown) };
}

async function cpuOf(child: ChildProcess, run: () => Promise<void>): Promise<number> {
  const before = await cpu(child);
  await run();
  return (await cpu(child)) - before;
}

async function cpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpu: used }] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage }];
  return used.user + used.system;
}

async function isReady(agent: Agent, port: number): Promise<void> {
  const sent = httpRequest({ agent, port, host: '127.0.0.1', path: '/readyz' }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
}

function send(agent: Agent, port: number, document: number, number: number): Promise<void> {
  const query = documentOf(document);
  const body = JSON.stringify({ query, variables: { ids: [`e${(number * 197) % 10_000}`], names } });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ agent, port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers });
    sent.on('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered with ${response.statusCode}`));
      response.resume().on('end', resolve);
    });
    sent.on('error', reject).end(body);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
