import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { status as CODE } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, startJob } from '../support/ask.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { startCloudStorageServer, type CloudStorageServer } from '../support/google/cloud-storage-server.js';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/google/fault-proxy.js';
import { BatchPredictionWorld } from '../support/google/vertex/batch-prediction-jobs.js';
import { startVertexServer, type VertexServer } from '../support/google/vertex-server.js';
import { PLACE } from '../support/google/vertex-world.js';
import { TRANSPORTS, webSocketClient } from '../support/stream-clients.js';
import { until } from '../support/until.js';

/** A gateway in a process of its own, and Vertex AI behind a network that fails: one job there for each asked for here. */

const KILLS = 8;
/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

const MODEL = `projects/${PLACE.project}/locations/${PLACE.location}/models/delay`;
/** The second model is in a region where the service knows nothing of it. */
const registry = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - sql: customer.sql
            features: [{ name: orders, valueType: INT64 }]
models:
  - name: delay
    vertex: { project: ${PLACE.project}, location: ${PLACE.location}, model: delay }
    inputs: [{ name: flight, valueType: INT64 }]
    outputs: [{ name: name, valueType: STRING }]
  - name: misplaced
    vertex: { project: ${PLACE.project}, location: us-central1, model: delay }
    inputs: [{ name: flight, valueType: INT64 }]
    outputs: [{ name: name, valueType: STRING }]
`;
const CUSTOMERS = "SELECT 'c' AS entity_id, TIMESTAMP '2001-01-01' AS event_timestamp, 1 AS orders";
/** What no client may read: names of the project, of what faults say of their own, addresses and stacks. */
const NAMES_INSIDE = /demo-project|secret|127\.0\.0\.1|localhost|googleapis|\bat \//;

const CREATE = 'CreateBatchPredictionJob';
const GET = 'GetBatchPredictionJob';
const CANCEL = 'CancelBatchPredictionJob';

const LOST_ANSWERS: Fault[] = [
  { kind: 'answer lost', status: CODE.UNAVAILABLE },
  { kind: 'answer lost', status: CODE.DEADLINE_EXCEEDED },
  { kind: 'answer lost', status: CODE.INTERNAL },
  { kind: 'cut', afterBytes: 20, code: constants.NGHTTP2_INTERNAL_ERROR },
  { kind: 'cut', afterBytes: 20, code: constants.NGHTTP2_CANCEL },
  { kind: 'cut', afterBytes: 20, code: null },
  { kind: 'disconnected', afterBytes: 20 },
];

let folder: string;
let world: BatchPredictionWorld;
let server: VertexServer;
let storage: CloudStorageServer;
let proxy: FaultProxy;
let decide: FaultProxy['decide'];
let gateway: GatewayProcess;

const serve = (): Promise<GatewayProcess> =>
  startGatewayProcess(
    {
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      METADATA_SERVER_DETECTION: 'none',
    },
    {
      command: [
        join(import.meta.dirname, 'vertex-gateway-process.ts'),
        proxy.endpoint.split(':')[1]!,
        storage.apiEndpoint,
      ],
    },
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
  writeFileSync(join(folder, 'registry.yaml'), registry);
  writeFileSync(join(folder, 'customer.sql'), CUSTOMERS);
  world = new BatchPredictionWorld(PLACE, new Set([MODEL]));
  server = await startVertexServer(PLACE, world.services());
  storage = await startCloudStorageServer('secret-files');
  proxy = await startFaultProxy(`127.0.0.1:${server.clientOptions.port}`);
  ({ decide } = proxy);
  gateway = await serve();
});
afterEach(() => {
  proxy.decide = decide;
});
afterAll(async () => {
  await gateway.stop();
  await proxy.stop();
  await storage.stop();
  server.stop();
  rmSync(folder, { recursive: true });
});

/** Asks for a job; its name is its idempotency key, and what it is found by on Vertex AI. */
const start = (name: string, model = 'delay'): Promise<string> =>
  startJob(gateway.url, 'startBatchPrediction', {
    displayName: name,
    model,
    input: { files: { paths: ['gs://secret-files/in.jsonl'] } },
    output: { format: 'JSONL', location: 'gs://secret-files/out' },
    idempotencyKey: name,
  });

/** The jobs of a name on Vertex AI, of which there is to be one. */
const remote = (name: string): any[] => [...world.jobs.values()].filter(({ displayName }) => displayName === name);

const created = async (name: string): Promise<any> => {
  await until(() => remote(name).length > 0);
  return remote(name)[0];
};

/** Vertex AI has done the job, and has written three predictions. */
const finish = async (name: string, state = 'JOB_STATE_SUCCEEDED'): Promise<void> => {
  const job = await created(name);
  const directory = `out/prediction-${name}`;
  const lines = [1, 2, 3].map((flight) => `${JSON.stringify({ instance: { flight }, prediction: { name } })}\n`);
  storage.objects.set(`${directory}/prediction.results-00000-of-00001`, lines.join(''));
  world.advance(job.name, {
    state,
    completionStats: { successfulCount: '3', failedCount: '0', incompleteCount: '0' },
    resourcesConsumed: { replicaHours: 0.25 },
    outputInfo: { gcsOutputDirectory: `gs://secret-files/${directory}`, output_location: 'gcs_output_directory' },
  });
};

const JOB = `query ($id: ID!) { batchPredictionJob(id: $id) {
  state endedAt error { code message } progress { completed failed total } costSoFar { amount }
  predictions { nodes { instance prediction } } } }`;

const jobOf = async (id: string): Promise<any> => (await ask(gateway.url, JOB, { id })).batchPredictionJob;

/** Follows a job to its end; gives it as it is then, and checks that it ended once. */
const ended = async (id: string): Promise<any> => {
  const client = webSocketClient(gateway.url, 100);
  const query = 'subscription ($id: ID!) { jobProgress(id: $id) { state endedAt } }';
  const { results } = await client.follow({ query, variables: { id } });
  client.close();
  const ends = results.filter(({ data }) => data.jobProgress.endedAt !== null);
  expect(ends).toHaveLength(1);
  return jobOf(id);
};

const succeeded = (name: string) => ({
  state: 'SUCCEEDED',
  endedAt: expect.any(String) as string,
  error: null,
  progress: { completed: '3', failed: '0', total: '3' },
  costSoFar: { amount: expect.any(Number) as number },
  predictions: { nodes: [1, 2, 3].map((flight) => ({ instance: { flight }, prediction: { name } })) },
});

const expectDoneOnce = async (name: string, id: string): Promise<void> => {
  await finish(name);
  expect(await ended(id)).toEqual(succeeded(name));
  expect(remote(name)).toHaveLength(1);
};

describe('a gateway with a model on Vertex AI', () => {
  it.each(LOST_ANSWERS)('has one job there when the answer to its creation is lost: %j', async (fault) => {
    const name = `lost-${JSON.stringify(fault)}`.replaceAll(/\W+/g, '-').toLowerCase();
    proxy.fail(CREATE, fault);
    await expectDoneOnce(name, await start(name));
  });

  it('has one job there when its creation is answered after the deadline', async () => {
    proxy.fail(CREATE, { kind: 'slow', delayMs: 20_000 });
    await expectDoneOnce('too-slow', await start('too-slow'));
  });

  it.each([
    ['over the quota of jobs a minute', { kind: 'refused', status: CODE.RESOURCE_EXHAUSTED }, 2],
    ['away', { kind: 'refused', status: CODE.UNAVAILABLE }, 2],
    ['slow', { kind: 'slow', delayMs: 2_000 }, 1],
  ] satisfies [string, Fault, number][])('gets its job done when Vertex AI is %s', async (what, fault, times) => {
    const name = what.replaceAll(' ', '-');
    for (const method of [CREATE, 'ListBatchPredictionJobs', GET]) {
      proxy.fail(method, ...Array.from({ length: times }, () => fault));
    }
    await expectDoneOnce(name, await start(name));
  });

  it('does not fail a job whose state it cannot learn for a while, whatever the reason', async () => {
    const id = await start('unseen');
    await created('unseen');
    const codes = [CODE.PERMISSION_DENIED, CODE.UNAVAILABLE, CODE.INTERNAL];
    let refused = 0;
    proxy.decide = (method) => {
      if (method !== GET) return undefined;
      refused += 1;
      return { kind: 'refused', status: codes[refused % codes.length]! };
    };
    await until(() => refused >= codes.length);
    expect(await jobOf(id)).toMatchObject({ error: null, endedAt: null });
    proxy.decide = decide;
    await expectDoneOnce('unseen', id);
  });

  it('cancels there, however often the wish is lost or refused, and keeps what was predicted', async () => {
    const id = await start('unwanted');
    await created('unwanted');
    proxy.fail(
      CANCEL,
      { kind: 'refused', status: CODE.UNAVAILABLE },
      { kind: 'refused', status: CODE.PERMISSION_DENIED },
      { kind: 'answer lost', status: CODE.UNAVAILABLE },
    );
    await until(async () => (await jobOf(id)).state === 'PENDING');
    const cancel = 'mutation ($id: ID!) { cancelJob(input: { id: $id }) { userErrors { message } } }';
    await ask(gateway.url, cancel, { id });
    await until(() => remote('unwanted')[0].state === 'JOB_STATE_CANCELLING');
    await finish('unwanted', 'JOB_STATE_CANCELLED');
    expect(await ended(id)).toEqual({ ...succeeded('unwanted'), state: 'CANCELLED' });
    expect(remote('unwanted')).toHaveLength(1);
  });

  it('has one job for two starts with one key that race, while the answer is lost', async () => {
    proxy.fail(CREATE, { kind: 'answer lost', status: CODE.UNAVAILABLE });
    const [one, other] = await Promise.all([start('raced'), start('raced')]);
    expect(other).toBe(one);
    await expectDoneOnce('raced', one);
  });

  it('says what is wrong with a model in another region, in words without names', async () => {
    const { state, error } = await ended(await start('misplaced', 'misplaced'));
    expect(state).toBe('FAILED');
    expect(error).toEqual({ code: 'VERTEX_REFUSED', message: expect.stringContaining('us-central1') as string });
    expect(error.message).not.toMatch(NAMES_INSIDE);
    expect(remote('misplaced')).toHaveLength(0);
  });

  it('says what Vertex AI refused in words without names, and tells the log all of them', async () => {
    proxy.fail(CREATE, { kind: 'refused', status: CODE.PERMISSION_DENIED });
    const { state, error } = await ended(await start('refused'));
    expect(state).toBe('FAILED');
    expect(error.code).toBe('VERTEX_REFUSED');
    expect(error.message).not.toMatch(NAMES_INSIDE);
    expect(JSON.stringify(gateway.log)).toContain('secret-instance');
  });

  it(`shows no client a name of a resource, by whatever transport, and has all of them in the log (seed ${seed})`, async () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{9,14}$/);
    const [words] = fc.sample(fc.array(word, { minLength: 5, maxLength: 5 }), { seed, numRuns: 1 });
    const [project, dataset, table, folder, account] = words as [string, string, string, string, string];
    const message =
      `Access Denied: Table ${project}:${dataset}.${table} by ${account}@${project}.com; bucket secret-files, ` +
      `gs://secret-files/${folder}/in.jsonl; ${PLACE.project}, \`${project}.${dataset}.${table}\` at 10.0.0.7:80`;
    const id = await start('told', 'delay');
    const { name } = await created('told');
    const directory = `${folder}-1/prediction-told`;
    storage.objects.set(
      `${directory}/errors_0001.jsonl`,
      JSON.stringify({ instance: {}, error: { code: 3, message } }),
    );
    world.advance(name, {
      state: 'JOB_STATE_FAILED',
      error: { code: 7, message },
      partialFailures: [{ code: 7, message }],
      completionStats: { successfulCount: '0', failedCount: '1', incompleteCount: '0' },
      outputInfo: { gcsOutputDirectory: `gs://secret-files/${directory}`, output_location: 'gcs_output_directory' },
    });
    const fields = 'endedAt error { message } ... on BatchPredictionJob { failures { nodes { message } } }';
    const told: any[] = [];
    for (const [, open] of TRANSPORTS) {
      const client = open(gateway.url);
      const query = `subscription ($id: ID!) { jobProgress(id: $id) { ${fields} } }`;
      const { results } = await client.follow({ query, variables: { id } });
      client.close();
      told.push(results.at(-1).data.jobProgress);
    }
    told.push((await ask(gateway.url, `query ($id: ID!) { job(id: $id) { ${fields} } }`, { id })).job);
    const [{ error }] = told;
    expect(error.message).toContain('Access Denied: Table [resource] by [account]');
    for (const job of told) {
      expect(job.error.message).toBe(error.message);
      expect(job.failures.nodes).toEqual([{ message: error.message }, { message: error.message }]);
    }
    for (const secret of [...words!, 'secret', PLACE.project, '10.0.0.7']) expect(error.message).not.toContain(secret);
    const logged = (): string => JSON.stringify(gateway.log.filter(({ job }) => `jobs/${String(job)}` === id));
    for (const secret of words!) await until(() => logged().includes(secret));
  });

  it('follows the job of the process before it, which was killed before it heard that there is one', async () => {
    proxy.fail(CREATE, { kind: 'slow', delayMs: 60_000 });
    const id = await start('orphan');
    await created('orphan');
    await gateway.kill();
    gateway = await serve();
    expect(await start('orphan')).toBe(id);
    await expectDoneOnce('orphan', id);
  });

  it('follows the job of the process before it, which was killed between two looks', async () => {
    const id = await start('watched');
    await until(async () => (await jobOf(id)).state === 'PENDING');
    await gateway.kill();
    proxy.fail(GET, { kind: 'refused', status: CODE.UNAVAILABLE }, { kind: 'refused', status: CODE.INTERNAL });
    gateway = await serve();
    await expectDoneOnce('watched', id);
    expect(proxy.calls.filter((method) => method === CREATE).length).toBeGreaterThan(0);
  });

  it(`has one job there for each asked for, though it is killed ${KILLS} times (seed ${seed})`, async () => {
    const names = ['a', 'b', 'c'].map((letter) => `killed-${letter}`);
    let faults = 0;
    proxy.decide = (method) => {
      if (method !== CREATE && method !== GET) return undefined;
      faults += 1;
      return faults % 3 === 0 ? LOST_ANSWERS[faults % LOST_ANSWERS.length] : undefined;
    };
    const ids = await Promise.all(names.map((name) => start(name)));
    for (const delay of fc.sample(fc.integer({ min: 0, max: 1500 }), { seed, numRuns: KILLS })) {
      await sleep(delay);
      await gateway.kill();
      gateway = await serve();
      expect(await Promise.all(names.map((name) => start(name)))).toEqual(ids);
    }
    proxy.decide = decide;
    await Promise.all(names.map((name, index) => expectDoneOnce(name, ids[index]!)));
    const { jobs } = await ask(gateway.url, '{ jobs(first: 100) { nodes { id } } }');
    const found = jobs.nodes.map((job: { readonly id: string }) => job.id);
    expect(found.filter((id: string) => ids.includes(id))).toHaveLength(ids.length);
  });
}, 240_000);
