import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { askAlone } from '../support/ask-alone.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { canMount, fillDisk, mountSmallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { WRITE_VALUES, writtenShop } from '../support/written-shop.js';

const REGISTRY = writtenShop('notes', '{ name: note, valueType: STRING }');
const READ = `{ entity(featurestore: "shop", entityType: "customer", entityId: "0") { features { value } } }`;
const START = `mutation ($input: StartTrainingSetInput!) {
  startTrainingSet(input: $input) { job { id } userErrors { code message } } }`;
const JOB = 'query ($id: ID!) { job(id: $id) { state error { code message } } }';
const NOTE = 'n'.repeat(20_000);

/** 1,000 labels, each with a note: 20 MB of CSV. */
const INPUT = {
  trainingSet: {
    featurestore: 'shop',
    entityType: 'customer',
    labels: {
      source: {
        rows: Array.from({ length: 1_000 }, (_, index) => ({
          entity_id: String(index % 10),
          timestamp: '2002-01-01T00:00:00Z',
          row: String(index),
        })),
      },
    },
  },
  output: { format: 'CSV' },
};

it.skipIf(!canMount())(
  'on a disk that is full in the middle of a job, the job fails in a way that can be repeated, reads go on, and a later job succeeds without a restart (needs root, for a small tmpfs)',
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    mountSmallDisk(data, 64);
    writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
    const gateway = await startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: data,
    });
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    const send = (query: string, variables: object = {}): Promise<any> => askAlone(gateway.url, query, variables);
    const run = async (): Promise<any> => {
      const { data, errors } = await send(START, { input: INPUT });
      if (errors) return { state: 'REFUSED', error: errors[0].extensions };
      const { job, userErrors } = data.startTrainingSet;
      expect(userErrors).toEqual([]);
      let ended: any;
      await until(async () => {
        ended = (await send(JOB, { id: job.id })).data.job;
        return /SUCCEEDED|FAILED/.test(ended.state);
      });
      return ended;
    };
    const expectServed = async (): Promise<void> => {
      const { data, errors } = await send(READ);
      expect(errors).toBeUndefined();
      expect(data.entity.features[0].value).toBe(NOTE);
    };
    const rows = Array.from({ length: 10 }, (_, index) => ({
      entityType: 'customer',
      entityId: String(index),
      timestamp: '2001-01-01T00:00:00Z',
      values: [{ feature: 'note', value: NOTE }],
    }));
    const written = await send(WRITE_VALUES, { input: { featurestore: 'shop', rows } });
    expect(written.data.writeFeatureValues).toMatchObject({ written: 10, userErrors: [] });

    const ballast = join(data, 'ballast');
    fillDisk(ballast, 4_194_304);
    const inTheMiddle = await run();
    expect(inTheMiddle).toMatchObject({ state: 'FAILED', error: { code: 'STORE_UNAVAILABLE' } });
    await expectServed();

    fillDisk(join(data, 'rest'));
    const atTheStart = await run();
    expect(atTheStart).toMatchObject({ state: 'REFUSED', error: { code: 'STORE_UNAVAILABLE', retryable: true } });
    await expectServed();

    rmSync(ballast);
    rmSync(join(data, 'rest'));
    let last: any;
    await until(async () => (last = await run()).state === 'SUCCEEDED');
    expect(last.error).toBeNull();
    await expectServed();
    expect(await gateway.stop()).toBe(0);
  },
  180_000,
);
