import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest, Agent } from 'node:http';
import { join } from 'node:path';

/**
 * What the first requests of a process cost, with the warm-up before it is ready and without: the CPU of each of the first,
 * beside the median of those after a few thousand. The variants take turns, each time in a new process.
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const FIRST = 6;
const STEADY_AFTER = 4_000;
const STEADY = 500;

const names = Array.from({ length: 10 }, (_, index) => `f${index}`);
const query = `query Board($ids: [ID!]!, $names: [String!]) { entities(featurestore: "bench", entityType: "thing", entityIds: $ids) {
  entityId features(names: $names) { name value status timestamp } } }`;

const results: Record<string, number[][]> = { 'hot-lane': [], warm: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const variant of round % 2 === 0 ? ['hot-lane', 'warm'] : ['warm', 'hot-lane']) {
    results[variant]!.push(await measure(variant));
  }
}
for (const [variant, rows] of Object.entries(results)) {
  const columns = Array.from({ length: FIRST + 1 }, (_, index) => median(rows.map((row) => row[index]!)));
  const steady = columns.pop()!;
  const first = columns.map((cpu) => (cpu / 1000).toFixed(1)).join(', ');
  console.log(
    `${variant.padEnd(9)} first requests: ${first} ms of CPU; steady: ${(steady / 1000).toFixed(2)} ms; ratio of the first: ${(columns[0]! / steady).toFixed(2)}`,
  );
}

/** Microseconds of CPU of the first requests, each, and of one of many later ones. */
async function measure(variant: string): Promise<number[]> {
  const child = fork(join(import.meta.dirname, 'server.js'), [variant]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  // What the start itself left to do is not a part of a request.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const used: number[] = [];
  let number = 0;
  for (let index = 0; index < FIRST; index += 1) used.push(await cpuOf(child, 1, () => send(agent, port, number++)));
  for (let index = 0; index < STEADY_AFTER; index += 1) await send(agent, port, number++);
  used.push(
    await cpuOf(child, STEADY, async () => {
      for (let index = 0; index < STEADY; index += 1) await send(agent, port, number++);
    }),
  );
  agent.destroy();
  child.disconnect();
  return used;
}

async function cpuOf(child: ChildProcess, count: number, run: () => Promise<void>): Promise<number> {
  const before = await cpu(child);
  await run();
  return ((await cpu(child)) - before) / count;
}

async function cpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpu: used }] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage }];
  return used.user + used.system;
}

function send(agent: Agent, port: number, number: number): Promise<void> {
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
