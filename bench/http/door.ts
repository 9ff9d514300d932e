import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import autocannon from 'autocannon';

/**
 * The cost of authentication, policy and audit log: the CPU of the smallest read with them, beside the same read
 * without. The servers of a pair take short turns, in an order that changes, and each turn is compared with the one beside
 * it: a slow second of the machine hits both. The middle half of the ratios is shown beside the median.
 */
const VARIANTS = (process.argv[4] ?? 'door,door-token,audit').split(',');
const PAIRS = Number(process.argv[2] ?? 30);
const SECONDS = Number(process.argv[3] ?? 0.5);
const CONNECTIONS = 16;

const names = Array.from({ length: 10 }, (_, index) => `f${index}`);
const query = `query ($ids: [ID!]!, $names: [String!]) { entities(featurestore: "bench", entityType: "thing", entityIds: $ids) {
  entityId features(names: $names) { name value status timestamp } } }`;

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

const off = await start('compiled');
for (const variant of VARIANTS) {
  const on = await start(variant);
  // Compiles the code of both.
  for (const server of [off, on]) await measure(server, 3);
  const ratios: number[] = [];
  const plain: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const isOffFirst = pair % 2 === 0;
    const first = await measure(isOffFirst ? off : on, SECONDS);
    const second = await measure(isOffFirst ? on : off, SECONDS);
    const [without, withDoor] = isOffFirst ? [first, second] : [second, first];
    plain.push(without);
    ratios.push(withDoor / without);
  }
  on.child.disconnect();
  const percent = (share: number): string => `${((quantile(ratios, share) - 1) * 100).toFixed(1)} %`;
  console.log(
    `${variant.padEnd(11)} ${percent(0.5)} more CPU a request (middle half: ${percent(0.25)} to ${percent(0.75)}; ` +
      `without: ${quantile(plain, 0.5).toFixed(0)} µs; ${PAIRS} pairs)`,
  );
}
off.child.disconnect();

async function start(variant: string): Promise<Running> {
  const child = fork(join(import.meta.dirname, 'server.js'), [variant]);
  const [server] = (await once(child, 'message')) as [Omit<Running, 'child'>];
  return { child, ...server };
}

/** Microseconds of CPU a request. */
async function measure({ child, port, headers }: Running, seconds: number): Promise<number> {
  const before = await cpu(child);
  const { requests, non2xx } = await autocannon({
    url: `http://127.0.0.1:${port}/graphql`,
    connections: CONNECTIONS,
    duration: seconds,
    requests: Array.from({ length: 50 }, (_, index) => ({
      method: 'POST' as const,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables: { ids: [`e${(index * 197) % 10_000}`], names } }),
    })),
  });
  if (non2xx > 0) throw new Error(`${non2xx} requests were not answered with 2xx`);
  return ((await cpu(child)) - before) / requests.total;
}

async function cpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpu: used }] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage }];
  return used.user + used.system;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? NaN;
}
