import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import autocannon from 'autocannon';

/**
 * Throughput of the gateway beside the same gateway without its hot lane, and beside plain JSON without GraphQL;
 * and with authentication, by an API key and by a token.
 * The servers take turns in rounds, so that a slow minute of the machine hits all of them, and are compared by requests
 * a second of their own CPU time.
 */
const VARIANTS = ['raw', 'apollo', 'hot-lane', 'policy', 'api-key', 'token'] as const;
const ROUNDS = Number(process.argv[2] ?? 3);
const SECONDS = Number(process.argv[3] ?? 4);
const CONNECTIONS = 32;

const names = Array.from({ length: 10 }, (_, index) => `f${index}`);
const list = `query ($ids: [ID!]!, $names: [String!]) { entities(featurestore: "bench", entityType: "thing", entityIds: $ids) {
  entityId features(names: $names) { name value status timestamp } } }`;
const matrix = `query ($ids: [ID!]!, $names: [String!]!) { featureMatrix(featurestore: "bench", entityType: "thing", entityIds: $ids, names: $names) {
  values timestamps statuses } }`;
const typed = `query ($ids: [ID!]!) { bench { things(entityIds: $ids) { entityId ${names.join(' ')} } } }`;

const WORKLOADS = [
  { name: '1 entity x 10 features, list of objects', query: list, entities: 1 },
  { name: '100 entities x 10 features, list of objects', query: list, entities: 100 },
  { name: '100 entities x 10 features, typed fields', query: typed, entities: 100 },
  { name: '100 entities x 10 features, matrix', query: matrix, entities: 100 },
];

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  /** What a client of this variant sends: a key or a token. */
  readonly headers: Readonly<Record<string, string>>;
}

const running = new Map<string, Running>();
for (const variant of VARIANTS) {
  const child = fork(join(import.meta.dirname, 'server.js'), [variant]);
  const [server] = (await once(child, 'message')) as [Omit<Running, 'child'>];
  running.set(variant, { child, ...server });
}

for (const { name, query, entities } of WORKLOADS) {
  const rates = new Map<string, number[]>(VARIANTS.map((variant) => [variant, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [variant, server] of running) rates.get(variant)?.push(await measure(server, query, entities));
  }
  const raw = median(rates.get('raw') ?? []);
  console.log(`\n${name}`);
  for (const variant of VARIANTS) {
    const rate = median(rates.get(variant) ?? []);
    console.log(
      `  ${variant.padEnd(12)} ${Math.round(rate).toString().padStart(6)} requests/CPU-s   ${(rate / raw).toFixed(2)} of raw`,
    );
  }
}
for (const { child } of running.values()) child.disconnect();

async function measure({ child, port, headers }: Running, query: string, entities: number): Promise<number> {
  const before = await cpu(child);
  const { requests, non2xx } = await autocannon({
    url: `http://127.0.0.1:${port}/graphql`,
    connections: CONNECTIONS,
    duration: SECONDS,
    requests: Array.from({ length: 50 }, (_, index) => ({
      method: 'POST' as const,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        query,
        variables: { ids: Array.from({ length: entities }, (__, at) => `e${(index * 197 + at * 31) % 10_000}`), names },
      }),
    })),
  });
  if (non2xx > 0) throw new Error(`${non2xx} requests were not answered with 2xx`);
  return requests.total / ((await cpu(child)) - before);
}

/** Seconds of CPU time the server has used. */
async function cpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpu: used }] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage }];
  return (used.user + used.system) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
