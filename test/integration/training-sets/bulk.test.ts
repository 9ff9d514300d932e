import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { scanWork } from '../../../training-sets/scan-work.js';
import type { TrainingSetRequest } from '../../../training-sets/training-sets.js';
import type { BulkRead, BulkReads, OfflineStore } from '../../../datasources/offline/offline-store.js';
import { AppError } from '../../../errors/app-error.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { DATASET, openTestStore, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { CUSTOMER, MOMENTS, openShop, REQUESTED, SHOP, VISIT, writeShopHistory } from '../../support/shop-history.js';
import { NOW } from '../../support/small-registry.js';
import { storeWith } from '../../support/store-with.js';
import { testRegistry } from '../../support/test-registry.js';
import {
  waitForEnd,
  openTrainingSets,
  STARTED,
  type TrainingSetWorld,
} from '../../support/training-set-dependencies.js';
import { until } from '../../support/until.js';

/** Of the customer's two sources and the visit's one. */
const SOURCES = 3;

describeWithGoogleSql('training sets with more labels than one read of BigQuery takes', () => {
  let server: BigQueryServer;
  let bigQuery: OfflineStore;
  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
    bigQuery = await openTestStore(
      server,
      [CUSTOMER, VISIT].flatMap(({ entityType }) => entityType.sources),
    );
    await writeShopHistory(bigQuery);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    server.jobs.all.clear();
    server.loads.all.clear();
  });
  afterEach(() => {
    server.jobs.isHeld = false;
    expect(labelTables()).toEqual([]);
  });

  const world = (store = bulky(bigQuery), folder?: string) =>
    openTrainingSets(SHOP.featurestores, { findRemoteStore: () => store, ...(folder === undefined ? {} : { folder }) });
  const labelTables = () => server.tables.idsOf(PROJECT, DATASET).filter((id) => id.startsWith('featuregraph_labels'));
  const joins = () =>
    [...server.jobs.all.values()].filter(({ configuration }) =>
      configuration.query.query.includes('featuregraph_labels'),
    );
  const rowsOf = ({ query, files }: TrainingSetWorld, location: string) =>
    query(`SELECT * FROM read_parquet('${files}/${location}')`);

  it.each<[string, Partial<TrainingSetRequest>]>([
    ['as the registry says', {}],
    ['strictly before, any age', { options: { strictlyBefore: true, knownAtLabelTime: false }, ttl: null }],
    ['known at the time', { options: { strictlyBefore: false, knownAtLabelTime: true } }],
  ])('are what they are of the embedded store, each source scanned once: %s', async (_what, how) => {
    const [here, there] = [await openShop(), await world()];
    const expected = await here.make({ ...REQUESTED, ...how });
    const made = await there.make({ ...REQUESTED, ...how });
    expect(made).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 14n, failed: 0n } });
    expect(await rowsOf(there, made.result!.output.location)).toEqual(
      await rowsOf(here, expected.result!.output.location),
    );
    expect(made.result!.validation).toEqual(expected.result!.validation);
    expect(joins()).toHaveLength(SOURCES);
    // Labels without id or time are not sent.
    expect([...server.loads.all.values()].map(({ rows }) => rows)).toEqual([13, 13, 12]);
    // As long as BigQuery lets a query run: the 60 seconds of the settings are for someone who waits.
    expect(new Set(joins().map(({ configuration }) => configuration.jobTimeoutMs))).toEqual(new Set(['21600000']));
  });

  it('scan a source once for ten thousand labels and one', async () => {
    const [here, there] = [await openShop(), await world(bigQuery)];
    const rows = Array.from(
      { length: 10_001 },
      (_, index) => `${['ann', 'bob', 'eve'][index % 3]},${MOMENTS[index % 4]}`,
    );
    for (const { files } of [here, there]) writeFileSync(join(files, 'labels.csv'), ['who,at', ...rows, ''].join('\n'));
    const fromFile = { kind: 'FILE', file: 'labels.csv', format: 'CSV', timeColumn: 'at' } as const;
    const request = {
      ...REQUESTED,
      labels: fromFile,
      joins: [{ ...CUSTOMER, features: CUSTOMER.features.slice(0, 1) }],
    };
    const expected = await here.make(request);
    const made = await there.make(request);
    expect(await rowsOf(there, made.result!.output.location)).toEqual(
      await rowsOf(here, expected.result!.output.location),
    );
    expect(joins()).toHaveLength(1);
  });

  it('begin a read again that broke off in the middle, and double nothing', async () => {
    let isBroken = true;
    const breaking: BulkReads['pointInTime'] = async function* (read) {
      for await (const batch of bigQuery.bulk!.pointInTime(read)) {
        yield batch;
        if (isBroken) {
          isBroken = false;
          throw new AppError('STORE_UNAVAILABLE', 'The offline store did not answer. Try again.');
        }
      }
    };
    const job = await (await world(bulky(bigQuery, breaking))).make(REQUESTED);
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { rows: 14n, validation: { leakedRows: 0n } } });
    expect(joins()).toHaveLength(SOURCES + 1);
  });

  it('go on after a stop with the sources that were not read yet', async () => {
    const read: string[] = [];
    const second = Promise.withResolvers<undefined>();
    let isBlocked = true;
    const blocking = async function* (asked: BulkRead) {
      if (isBlocked && read.length === 1) {
        second.resolve(undefined);
        await new Promise((_, reject) => asked.signal!.addEventListener('abort', reject));
      }
      yield* bigQuery.bulk!.pointInTime(asked);
      read.push(asked.features[0]!.source.name);
    };
    const store = bulky(bigQuery, blocking);
    const first = await world(store);
    const { id } = await first.trainingSets.start({ ...REQUESTED, joins: [CUSTOMER], ...STARTED });
    await second.promise;
    await first.close();
    expect(existsSync(join(first.folder, 'work', `${id}.duckdb`))).toBe(true);
    isBlocked = false;
    const resumed = await world(store, first.folder);
    await resumed.engine.resume();
    expect(await waitForEnd(resumed.engine, id)).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 14n } });
    expect(read).toEqual(['orders', 'fixed']);
  });

  it('are cancelled at the server, and leave no table of labels behind', async () => {
    const { trainingSets, engine, folder, files } = await world();
    server.jobs.isHeld = true;
    const { id } = await trainingSets.start({ ...REQUESTED, ...STARTED, output: { format: 'CSV', location: 'a.csv' } });
    await until(() => joins().length === 1);
    expect(labelTables()).toHaveLength(1);
    await engine.cancel(id);
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'CANCELLED', result: null });
    const [job] = joins();
    await job!.done;
    expect(server.requests).toContain(`POST /projects/${PROJECT}/jobs/${job!.id}/cancel`);
    expect([readdirSync(files), readdirSync(join(folder, 'work'))]).toEqual([[], []]);
  });

  it('fail with COST_OVER_LIMIT when the one scan is over what a query may be billed for', async () => {
    const limited = await openTestStore(
      server,
      [CUSTOMER, VISIT].flatMap(({ entityType }) => entityType.sources),
      { maximumBytesBilled: 10_485_759 },
    );
    const { trainingSets, engine } = await world(bulky(limited));
    const { id } = await trainingSets.start({ ...REQUESTED, ...STARTED });
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'FAILED', error: { code: 'COST_OVER_LIMIT' } });
  });

  it('are estimated by how often their sources are scanned', async () => {
    const { featurestores } = testRegistry({
      name: 'test',
      offlineStore: { kind: 'BIGQUERY', project: PROJECT, dataset: DATASET, location: 'EU' },
      entityTypes: [{ name: 'thing', sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] }],
    });
    const entityType = featurestores[0]!.entityTypes[0]!;
    const store = await openTestStore(server, entityType);
    await store.append(entityType.sources[0]!, [{ entityId: 'x', timestamp: NOW, values: new Map([['a', 'value']]) }]);
    const join = { entityType, entityIdColumns: ['who'], features: entityType.features, prefix: '' };
    const work = (offline: OfflineStore, count: number) =>
      scanWork({ ...REQUESTED, joins: [join] }, { offline: () => offline }, NOW, async () => count);
    // And once more when it is checked.
    const once = (await work(store, 1)).bytes / 2n;
    expect(once).toBeGreaterThan(0n);
    // Their table is scanned too.
    expect(await work(store, 3_000_000)).toMatchObject({ scans: 1, bytes: 2n * once + 118n * 3_000_000n });
    expect(await work(store, 5_000_001)).toMatchObject({ scans: 2, bytes: 3n * once + 118n * 5_000_001n });
    // Where no table may be made for them.
    const reading = await openTestStore(server, entityType, { createTables: false });
    expect(reading.bulk).toBeUndefined();
    expect(await work(reading, 10_000)).toMatchObject({ scans: 1, bytes: 2n * once });
    // Each of the queries is billed the minimum of 10 MiB.
    expect(await work(reading, 3_000_000)).toMatchObject({
      scans: 300,
      bytes: 301n * once,
      billedBytes: 301n * 10_485_760n,
    });
  });
});

/** The store as it is when labels are more than one read takes: here three. */
function bulky(store: OfflineStore, pointInTime = store.bulk!.pointInTime.bind(store.bulk)): OfflineStore {
  return storeWith(store, {
    maxLabelsPerRead: 3,
    bulk: {
      maxLabels: 5_000_000,
      estimateLabelScan: (labels) => store.bulk!.estimateLabelScan(labels),
      pointInTime,
    },
    pointInTime: () => Promise.reject(new Error('this is not to be read label by label')),
  });
}
