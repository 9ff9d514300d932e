import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { createTable, describeWithBigtable, startBigtableEmulator } from '../support/google/bigtable-emulator.js';
import { createJobsTable } from '../support/google/bigtable-job-store.js';
import { startBigQuery } from '../support/google/bigquery-store.js';
import { startCloudStorageServer, type CloudStorageServer } from '../support/google/cloud-storage-server.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { linear, startModelServer } from '../support/model-server.js';
import { until } from '../support/until.js';

const INSTANCES = 20_000;
const BATCH = 50;
/** With two requests at a time, the job takes some eight seconds, and writes a part in each. */
const MODEL_MS = 40;
const LEASE_SECONDS = 5;
const BUCKET = 'some-files';

const registry = (table: string, model: string): string => `
featurestores:
  - name: shop
    onlineStore: { kind: BIGTABLE, project: test-project, instance: test-instance, table: ${table} }
    offlineStore: { kind: BIGQUERY, project: test-project, dataset: features, location: EU }
    entityTypes:
      - name: customer
        sources:
          - features: [{ name: orders, valueType: INT64 }]
models:
  - name: linear
    http: { url: '${model}/linear' }
    inputs: [{ name: a, valueType: INT64 }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
`;
const START = `mutation { startBatchPrediction(input: {
  displayName: "kill", model: "linear", input: { files: { paths: ["in.csv"] } }, batchSize: ${BATCH}, startingReplicaCount: 2
  output: { format: JSONL, location: "out" }, idempotencyKey: "the one job"
}) { job { id } userErrors { field message } } }`;

describeWithGoogleSql('a batch prediction of two gateways', () => {
  describeWithBigtable('whose files are in Cloud Storage', () => {
    it('goes on at the other one when the gateway that runs it is killed, twice, and its output is whole and there once', async () => {
      const opened = new AsyncDisposableStack();
      onTestFinished(() => opened.disposeAsync());
      const { gateways, storage, requests } = await openTwo(opened);

      // The gateway that starts a job runs it.
      let [running, other] = [0, 1];
      const { job, userErrors } = (await ask(gateways[running]!, START)).startBatchPrediction;
      expect(userErrors).toEqual([]);
      const id = job.id as string;
      for (const parts of [2, 4]) {
        await until(() => [...storage.objects.keys()].filter((name) => name.includes('/_parts/')).length >= parts);
        await gateways[running]!.kill();
        const before = requests.length;
        // Nothing answers for the killed gateway: what comes now is from the other one.
        await until(() => requests.length > before + 2);
        const { state } = (await ask(gateways[other]!, `{ job(id: "${id}") { state } }`)).job;
        expect(state).toBe('RUNNING');
        gateways[running] = await gateways.serve(running);
        [running, other] = [other, running];
      }

      let ended: any;
      await until(async () => {
        const query = `{ job(id: "${id}") { state progress { completed failed total } error { code } } }`;
        ended = (await ask(gateways[other]!, query)).job;
        return !['QUEUED', 'RUNNING'].includes(ended.state);
      });
      expect(ended).toMatchObject({
        state: 'SUCCEEDED',
        error: null,
        progress: { completed: String(INSTANCES), failed: '0', total: String(INSTANCES) },
      });
      const numbers = partsOf(storage).flatMap((name) =>
        storage.objects
          .get(name)!
          .trim()
          .split('\n')
          .map((line) => {
            const { instance_number, instance, prediction } = JSON.parse(line);
            expect(prediction).toEqual(linear(instance));
            expect(Number(instance.a)).toBe(Number(instance_number));
            return Number(instance_number);
          }),
      );
      expect(numbers).toHaveLength(INSTANCES);
      expect(new Set(numbers).size).toBe(INSTANCES);
      expect(Math.max(...numbers)).toBe(INSTANCES - 1);
    }, 240_000);
  });
});

/** The files that readers look for; they get their names when the job ends. */
function partsOf({ objects }: CloudStorageServer): string[] {
  return [...objects.keys()].filter((name) => name.startsWith('team/out/predictions-'));
}

async function openTwo(opened: AsyncDisposableStack) {
  const folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const emulator = await startBigtableEmulator();
  opened.defer(() => emulator.stop());
  const jobs = await createJobsTable(emulator);
  const { table } = await createTable(emulator.endpoint);
  const bigquery = await startBigQuery();
  opened.defer(() => bigquery.stop());
  const storage = await startCloudStorageServer(BUCKET);
  opened.defer(() => storage.stop());
  const rows = Array.from({ length: INSTANCES }, (_, row) => `${row},${row / 4}`);
  storage.objects.set('team/in.csv', `a,b\n${rows.join('\n')}\n`);
  const model = await startModelServer({
    '/linear': async ({ instances }) => {
      await sleep(MODEL_MS);
      return { predictions: instances.map(linear) };
    },
  });
  opened.defer(() => model.close());
  writeFileSync(join(folder, 'registry.yaml'), registry(table, model.origin));

  const serve = (index: number): Promise<GatewayProcess> =>
    startGatewayProcess(
      {
        FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
        FEATUREGRAPH_DATA_DIR: join(folder, `data-${index}`),
        FEATUREGRAPH_JOBS_TABLE: `projects/${jobs.project}/instances/${jobs.instance}/tables/${jobs.table}`,
        FEATUREGRAPH_JOBS_LEASE_SECONDS: String(LEASE_SECONDS),
        FEATUREGRAPH_SHARED_FILES: `gs://${BUCKET}/team`,
        BIGTABLE_EMULATOR_HOST: emulator.endpoint,
        METADATA_SERVER_DETECTION: 'none',
      },
      {
        // No port of Vertex AI: nothing here asks it.
        command: [join(import.meta.dirname, 'vertex-gateway-process.ts'), '1', storage.apiEndpoint, bigquery.endpoint],
      },
    );
  const gateways = Object.assign([await serve(0), await serve(1)], { serve });
  opened.defer(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });
  return { gateways, storage, requests: model.requests };
}

async function ask({ url }: GatewayProcess, query: string): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data: any; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}
