import { randomInt, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { TableAddress } from '../../datasources/google/bigtable/client.js';
import { openRows } from '../../datasources/google/bigtable/open-rows.js';
import { JOBS_FAMILY } from '../../datasources/job-store/bigtable/jobs-family.js';
import { createRandom } from '../support/random.js';
import type { JobRecord } from '../../datasources/job-store/job-record.js';
import { isTerminalState, type JobState } from '../../datasources/job-store/job-state.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { startRoundRobinProxy, type RoundRobinProxy } from '../support/round-robin-proxy.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../support/google/bigtable-job-store.js';
import type { BigQueryServer } from '../support/google/bigquery-server/server.js';
import { startBigQuery } from '../support/google/bigquery-store.js';
import { startCloudStorageServer, type CloudStorageServer } from '../support/google/cloud-storage-server.js';
import { BatchPredictionWorld } from '../support/google/vertex/batch-prediction-jobs.js';
import { startVertexServer, type VertexServer } from '../support/google/vertex-server.js';
import { PLACE } from '../support/google/vertex-world.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { webSocketClient } from '../support/stream-clients.js';
import { until } from '../support/until.js';

const KILLS = Number(process.env.FEATUREGRAPH_TEST_KILLS ?? 20);
const CLIENTS = 4;
const LEASE_SECONDS = 5;
const MINUTE = 60_000_000n;
/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

const MODEL = `projects/${PLACE.project}/locations/${PLACE.location}/models/delay`;
const registry = (table: string): string => `
featurestores:
  - name: shop
    onlineStore: { kind: BIGTABLE, project: test-project, instance: test-instance, table: ${table}, readDeadlineMs: 30000 }
    offlineStore: { kind: BIGQUERY, project: test-project, dataset: features, location: EU }
    entityTypes:
      - name: customer
        sources:
          - features: [{ name: orders, valueType: INT64 }]
    featureViews:
      - { name: asked, entityType: customer, features: [orders] }
      - { name: scheduled, entityType: customer, features: [orders], schedule: '* * * * *' }
models:
  - name: delay
    vertex: { project: ${PLACE.project}, location: ${PLACE.location}, model: delay }
    inputs: [{ name: flight, valueType: INT64 }]
    outputs: [{ name: name, valueType: STRING }]
`;

const SYNC = `mutation ($key: String!) {
  started: syncFeatureView(input: { featurestore: "shop", featureView: "asked", idempotencyKey: $key }) {
    job { id } userErrors { code message }
  }
}`;
const PREDICT = `mutation ($key: String!) {
  started: startBatchPrediction(input: {
    displayName: $key, model: "delay", input: { files: { paths: ["gs://some-files/in.jsonl"] } }
    output: { format: JSONL, location: "gs://some-files/out" }, idempotencyKey: $key
  }) { job { id } userErrors { code message } }
}`;
const JOB = 'query ($id: ID!) { node(id: $id) { ... on Job { state endedAt } } }';
const ROWS = `mutation { writeFeatureValues(input: { featurestore: "shop", rows: [
  { entityType: "customer", entityId: "c1", timestamp: "2026-01-01T00:00:00Z", values: [{ feature: "orders", value: 5 }] }
] }) { written userErrors { message } } }`;

/** What a client does not count as an answer: it sends the same request again. */
const RETRYABLE = new Set(['STORE_UNAVAILABLE', 'SHUTTING_DOWN', 'OVERLOADED']);

describeWithGoogleSql('two gateways that share their jobs', () => {
  describeWithBigtable('on Bigtable, behind a load balancer', () => {
    const folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
    let emulator: BigtableEmulator;
    let table: TableAddress;
    let bigquery: BigQueryServer;
    let world: BatchPredictionWorld;
    let vertex: VertexServer;
    let storage: CloudStorageServer;
    let proxy: RoundRobinProxy;
    const gateways: GatewayProcess[] = [];
    let retries = 0;
    const opened = new AsyncDisposableStack();

    beforeAll(async () => {
      opened.defer(() => rmSync(folder, { recursive: true, force: true }));
      emulator = await startBigtableEmulator();
      opened.defer(() => emulator.stop());
      table = await createJobsTable(emulator);
      const { table: values } = await createTable(emulator.endpoint);
      bigquery = await startBigQuery();
      opened.defer(() => bigquery.stop());
      world = new BatchPredictionWorld(PLACE, new Set([MODEL]));
      vertex = await startVertexServer(PLACE, world.services());
      opened.defer(() => {
        vertex.stop();
      });
      storage = await startCloudStorageServer('some-files');
      opened.defer(() => storage.stop());
      opened.defer(async () => {
        await Promise.all(gateways.map((gateway) => gateway.stop()));
      });
      writeFileSync(join(folder, 'registry.yaml'), registry(values));
      for (const index of [0, 1]) gateways[index] = await serve(index);
      proxy = await startRoundRobinProxy(() => gateways.map(({ url }) => url));
      opened.defer(() => proxy.stop());
      await ask(ROWS, {});
    }, 300_000);
    afterAll(() => opened.disposeAsync());

    const serve = (index: number): Promise<GatewayProcess> =>
      startGatewayProcess(
        {
          FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
          FEATUREGRAPH_DATA_DIR: join(folder, `data-${index}`),
          FEATUREGRAPH_SCHEDULES: 'true',
          FEATUREGRAPH_JOBS_TABLE: `projects/${table.project}/instances/${table.instance}/tables/${table.table}`,
          FEATUREGRAPH_JOBS_LEASE_SECONDS: String(LEASE_SECONDS),
          FEATUREGRAPH_DAILY_BUDGETS_USD: '*=1000000',
          BIGTABLE_EMULATOR_HOST: emulator.endpoint,
          METADATA_SERVER_DETECTION: 'none',
        },
        {
          command: [
            join(import.meta.dirname, 'vertex-gateway-process.ts'),
            String(vertex.clientOptions.port),
            storage.apiEndpoint,
            bigquery.endpoint,
          ],
        },
      );

    /** As a client asks that repeats a request without an answer; any other error fails the test. */
    const ask = async (query: string, variables: Record<string, unknown>, url = proxy.url): Promise<any> => {
      for (;;) {
        const body = JSON.stringify({ query, variables });
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined);
        const answer = response?.headers.get('content-type')?.includes('json') ? await response.json() : undefined;
        const { data, errors } = (answer ?? {}) as { data?: any; errors?: { extensions?: { code?: string } }[] };
        if (data && !errors) return data;
        const codes = (errors ?? []).map(({ extensions }) => extensions?.code ?? 'no code');
        if (answer !== undefined && !codes.some((code) => RETRYABLE.has(code))) throw new Error(JSON.stringify(answer));
        retries += 1;
        await sleep(50);
      }
    };

    const startJob = async (mutation: string, key: string): Promise<string> => {
      const { started } = await ask(mutation, { key });
      if (!started.job) throw new Error(JSON.stringify(started.userErrors));
      return started.job.id as string;
    };

    const endOf = async (id: string): Promise<JobState> => {
      for (;;) {
        const { node } = await ask(JOB, { id });
        // "There is no job" is what a second replica answered before they shared them.
        if (!node) throw new Error(`there is no job ${id}`);
        if (isTerminalState(node.state)) return node.state;
        await sleep(100);
      }
    };

    /** Vertex AI does each job in some moments. */
    const doVertexJobs = async (isOver: () => boolean): Promise<void> => {
      while (!isOver()) {
        for (const { name, state } of [...world.jobs.values()]) {
          if (state === 'JOB_STATE_SUCCEEDED') continue;
          world.advance(name, {
            state: 'JOB_STATE_SUCCEEDED',
            completionStats: { successfulCount: '3', failedCount: '0', incompleteCount: '0' },
            resourcesConsumed: { replicaHours: 0.25 },
            outputInfo: { gcsOutputDirectory: 'gs://some-files/out/x', output_location: 'gcs_output_directory' },
          });
        }
        await sleep(500);
      }
    };

    it(`of which one is killed ${KILLS} times under load (seed ${seed}) lose, double and orphan nothing`, async () => {
      const random = createRandom(seed);
      const begun = nowMicros();
      const started = new Map<string, string>();
      const states: JobState[] = [];
      let isKilling = true;
      const kinds = new Map<string, string>();
      let isOver = false;
      const vertexWork = doVertexJobs(() => isOver);
      const clients = Array.from({ length: CLIENTS }, async () => {
        while (isKilling) {
          const key = randomUUID();
          kinds.set(key, random() < 0.7 ? SYNC : PREDICT);
          const id = await startJob(kinds.get(key)!, key);
          started.set(key, id);
          // The same request again, perhaps at the other gateway, is the same job.
          if (random() < 0.3) expect(await startJob(kinds.get(key)!, key)).toBe(id);
          states.push(await endOf(id));
        }
      });
      const failed = Promise.all(clients);
      const failure = new AbortController();
      failed.catch(() => failure.abort());
      for (let kill = 0; kill < KILLS && !failure.signal.aborted; kill += 1) {
        await sleep(random() * 3000);
        const index = Math.floor(random() * 2);
        await gateways[index]!.kill();
        gateways[index] = await serve(index);
      }
      const ended = nowMicros();
      isKilling = false;
      await failed;
      const store = await openJobStore(emulator, table);
      onTestFinished(() => store.close());
      await until(async () => (await store.listUnfinished()).length === 0);
      isOver = true;
      await vertexWork;

      const all = await store.list({ filter: {}, before: null, limit: 100_000 });
      const asked = all.filter(({ createdBy }) => createdBy !== 'schedule');
      const scheduled = all.filter(({ createdBy }) => createdBy === 'schedule');
      const times = slotsBetween(begun, ended);
      const kept = scheduled.map(slotOf);
      const remote = [...world.jobs.values()].map(({ displayName }) => displayName as string);
      const predictions = [...kinds].filter(([key, kind]) => kind === PREDICT && started.has(key));
      const counts = {
        kills: KILLS,
        acknowledged: started.size,
        retries,
        lost: [...started.values()].filter((id) => !all.some((job) => `jobs/${job.id}` === id)).length,
        doubled: asked.length - started.size,
        orphaned: (await store.listUnclaimed()).length,
        notSucceeded: all.filter(({ state }) => state !== 'SUCCEEDED').length,
        onVertexAi: remote.length,
        doubledOnVertexAi: remote.length - new Set(remote).size,
        scheduledTimes: times.length,
        missedTimes: times.filter((time) => !kept.includes(time)).length,
        doubledTimes: kept.length - new Set(kept).size,
        ...(await readTable()),
      };
      console.log(`killed one of two gateways: ${JSON.stringify(counts)}`);
      expect(counts).toMatchObject({
        lost: 0,
        doubled: 0,
        orphaned: 0,
        notSucceeded: 0,
        onVertexAi: predictions.length,
        doubledOnVertexAi: 0,
        missedTimes: 0,
        doubledTimes: 0,
      });
      expect(states.every((state) => state === 'SUCCEEDED')).toBe(true);
      expect(counts.acknowledged).toBeGreaterThan(KILLS);
    }, 1_200_000);

    /** What only the table says. */
    async function readTable(): Promise<{ readonly takenOver: number; readonly reservationsLeft: number }> {
      const { endpoint: apiEndpoint } = emulator;
      const address = { table, family: JOBS_FAMILY, deadlineMs: 60_000, newId: randomUUID, apiEndpoint };
      const { rows, close } = await openRows('jobs', address);
      const jobs = await rows.scan({ prefix: 'job/' });
      const spent = await rows.scan({ prefix: 'spent/' });
      await close();
      return {
        takenOver: jobs.filter(([, columns]) => Number(columns.get('token')) > 1).length,
        // For jobs that a kill prevented: the budget of the day stays charged for them.
        reservationsLeft: spent
          .flatMap(([, columns]) => [...columns.keys()])
          .filter((name) => name.startsWith('reserved=')).length,
      };
    }

    it('show a job to those who follow it at the other gateway, to its end', async () => {
      let isOver = false;
      const vertexWork = doVertexJobs(() => isOver);
      const ends: unknown[] = [];
      for (const [here, there] of [gateways, [...gateways].reverse()] as const) {
        const { started } = await ask(PREDICT, { key: randomUUID() }, here!.url);
        const follower = webSocketClient(there!.url);
        const query = 'subscription ($id: ID!) { jobProgress(id: $id) { state endedAt } }';
        const { results } = await follower.follow({ query, variables: { id: started.job.id } });
        follower.close();
        ends.push(results.at(-1)?.data.jobProgress.state);
      }
      isOver = true;
      await vertexWork;
      expect(ends).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    });
  });
});

function nowMicros(): bigint {
  return BigInt(Date.now()) * 1000n;
}

/** The scheduled times of a period; the keys of the jobs name them. */
function slotsBetween(from: bigint, to: bigint): string[] {
  const slots: string[] = [];
  for (let slot = (from / MINUTE + 1n) * MINUTE; slot <= to; slot += MINUTE) slots.push(String(slot));
  return slots;
}

function slotOf({ idempotencyKey }: JobRecord): string {
  return idempotencyKey!.split(' ').at(-1)!;
}
