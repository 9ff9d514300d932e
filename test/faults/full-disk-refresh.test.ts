import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { askAlone } from '../support/ask-alone.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { canMount, fillDisk, mountSmallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const REGISTRY = `
featurestores:
  - name: shop
    tables: { orders: orders.csv }
    entityTypes:
      - name: customer
        sources:
          - name: orders
            sql: orders.sql
            features: [{ name: note, valueType: STRING }]
    featureViews:
      - { name: notes, entityType: customer, features: [note] }
`;
// Hashes: nothing of them can be compressed.
const SQL = `SELECT customer AS entity_id, ordered_at AS event_timestamp,
  sha256(note || '1') || sha256(note || '2') || sha256(note || '3') AS note FROM orders`;
const CUSTOMERS = 40_000;
const READ = `{ entity(featurestore: "shop", entityType: "customer", entityId: "c7") { features { value timestamp } } }`;
const REFRESH = `mutation { startJob: refreshSource(input: { featurestore: "shop", entityType: "customer", source: "orders" }) {
  job { id } userErrors { code message } } }`;
const SYNC = `mutation { startJob: syncFeatureView(input: { featurestore: "shop", featureView: "notes" }) {
  job { id } userErrors { code message } } }`;
const JOB = 'query ($id: ID!) { job(id: $id) { state error { code message } } }';

function writeOrders(folder: string, day: number): void {
  const lines = Array.from({ length: CUSTOMERS }, (_, index) => `c${index},2001-01-0${day}T00:00:00Z,n${day}/${index}`);
  writeFileSync(join(folder, 'orders.csv'), `customer,ordered_at,note\n${lines.join('\n')}\n`);
}

it.skipIf(!canMount())(
  'a disk that is full in the middle of a start, a refresh or a sync costs no served value, and each succeeds when there is room (needs root, for a small tmpfs)',
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    mountSmallDisk(data, 128);
    writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
    writeFileSync(join(folder, 'orders.sql'), SQL);
    writeOrders(folder, 1);
    const environment = { FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'), FEATUREGRAPH_DATA_DIR: data };
    const ballast = join(data, 'ballast');

    fillDisk(ballast, 8_388_608);
    const failure = await startGatewayProcess(environment).then(
      () => 'it started',
      (error: unknown) => String(error),
    );
    expect(failure).toMatch(/the gateway ended with 1: .*full/i);
    expect(failure).not.toMatch(/\n\s+at /);
    rmSync(ballast);

    const gateway: GatewayProcess = await startGatewayProcess(environment);
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    const send = (query: string, variables: object = {}): Promise<any> => askAlone(gateway.url, query, variables);
    const run = async (start: string): Promise<any> => {
      const { data: started, errors } = await send(start);
      if (errors) return { state: 'REFUSED', error: errors[0].extensions };
      expect(started.startJob.userErrors).toEqual([]);
      let ended: any;
      await until(async () => {
        ended = (await send(JOB, { id: started.startJob.job.id })).data.job;
        return /SUCCEEDED|FAILED/.test(ended.state);
      });
      return ended;
    };
    const served = async (): Promise<unknown> => (await send(READ)).data.entity.features[0];
    const first = await served();
    expect(first).toMatchObject({ timestamp: '2001-01-01T00:00:00Z' });

    writeOrders(folder, 2);
    fillDisk(ballast, 4_194_304);
    const refresh = await run(REFRESH);
    expect(refresh.state).toBe('FAILED');
    expect(refresh.error.code).toBe('STORE_UNAVAILABLE');
    expect(await served()).toEqual(first);
    rmSync(ballast);
    await until(async () => (await run(REFRESH)).state === 'SUCCEEDED');
    const second = await served();
    expect(second).toMatchObject({ timestamp: '2001-01-02T00:00:00Z' });

    fillDisk(ballast);
    expect((await run(SYNC)).error.code).toBe('STORE_UNAVAILABLE');
    expect(await served()).toEqual(second);
    rmSync(ballast);
    await until(async () => (await run(SYNC)).state === 'SUCCEEDED');
    expect(await served()).toEqual(second);
    expect(await gateway.stop()).toBe(0);
  },
  300_000,
);
