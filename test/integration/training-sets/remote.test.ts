import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { JobAccounting } from '../../../costs/job-accounting.js';
import type { TrainingSetRequest } from '../../../training-sets/training-sets.js';
import type { OfflineStore, PointInTimeRead, RowsRead } from '../../../datasources/offline/offline-store.js';
import { AppError } from '../../../errors/app-error.js';
import type { FeatureCell } from '../../../values/feature-cell.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { DATASET, openTestStore, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { CUSTOMER, MOMENTS, openShop, REQUESTED, SHOP, VISIT, writeShopHistory } from '../../support/shop-history.js';
import { NOW, T } from '../../support/small-registry.js';
import {
  NO_LIMIT,
  waitForEnd,
  openTrainingSets,
  STARTED,
  type TrainingSetWorld,
} from '../../support/training-set-dependencies.js';
import { testRegistry } from '../../support/test-registry.js';
import { openTestCosts } from '../../support/costs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { storeWith } from '../../support/store-with.js';

const { labels } = REQUESTED;
const LABELS = 14n;

describeWithGoogleSql('training sets of a featurestore whose history is in BigQuery', () => {
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
  beforeEach(() => server.faults.clear());

  /** The embedded store of this world is empty. */
  const world = (store = bigQuery, folder?: string) =>
    openTrainingSets(SHOP.featurestores, { findRemoteStore: () => store, ...(folder === undefined ? {} : { folder }) });

  const rowsOf = ({ query, files }: TrainingSetWorld, location: string) =>
    query(`SELECT * FROM read_parquet('${files}/${location}')`);

  it.each<[string, Partial<TrainingSetRequest>]>([
    ['as the registry says', {}],
    ['strictly before, any age', { options: { strictlyBefore: true, knownAtLabelTime: false }, ttl: null }],
    ['with a ttl of their own', { ttl: 30_000_000n }],
    ['known at the time', { options: { strictlyBefore: false, knownAtLabelTime: true } }],
  ])('are what they are of the embedded store: %s', async (_what, how) => {
    const [here, there] = [await openShop(), await world()];
    const expected = await here.make({ ...REQUESTED, ...how });
    const made = await there.make({ ...REQUESTED, ...how });
    expect(made).toMatchObject({ state: 'SUCCEEDED', progress: { completed: LABELS, failed: 0n } });
    expect(await rowsOf(there, made.result!.output.location)).toEqual(
      await rowsOf(here, expected.result!.output.location),
    );
    expect(made.result!.validation).toEqual(expected.result!.validation);
    expect(made.result!.validation.verifiedRows).toBe(LABELS);
    expect(made.result!.validation.valuesWrittenAfterLabel).toBe(how.options?.knownAtLabelTime ? 0n : 2n);
    expect(readdirSync(join(there.folder, 'work'))).toEqual([]);
  });

  it('count what BigQuery billed for all their queries, with those of the validation', async () => {
    const costs = await openTestCosts({ folder: join(temporaryFolder(), 'costs') });
    onTestFinished(() => costs.close());
    const accounting = new JobAccounting(costs, () => 0n);
    const { make, trainingSets } = await openTrainingSets(SHOP.featurestores, {
      findRemoteStore: () => bigQuery,
      accounting,
    });
    const billed = () => [...server.jobs.all.values()].reduce((sum, { billedBytes }) => sum + BigInt(billedBytes), 0n);
    server.jobs.all.clear();
    const { cost } = await make(REQUESTED, { createdBy: 'ada' });
    expect(cost).toMatchObject({ billedBytes: billed(), isSettled: true });
    expect(cost!.billedBytes).toBeGreaterThanOrEqual(6n * 10_485_760n);
    await trainingSets.preview(REQUESTED, 1, { createdBy: 'ada' });
    expect((await costs.guard.usage('ada')).billedBytes).toBe(billed());
  });

  it('are checked by one scan a source, however many rows are', async () => {
    const { trainingSets } = await world();
    const who = Array.from({ length: 200 }, (_, index) => ({ who: `nobody ${index}`, page: 'home,1', at: MOMENTS[3] }));
    server.jobs.all.clear();
    const many = { ...REQUESTED, labels: { ...labels, rows: [...labels.rows, ...who] } };
    const { validation } = await trainingSets.preview(many, 1, NO_LIMIT);
    expect(validation).toMatchObject({ leakedRows: 0n, verifiedRows: 100n });
    const operations = [...server.jobs.all.values()].map(({ configuration }) => configuration.labels.operation);
    expect(operations.toSorted()).toEqual([...Array(3).fill('point_in_time'), ...Array(3).fill('rows')]);
  });

  it.each<[string, (cell: FeatureCell) => FeatureCell]>([
    ['under its own time', (cell) => ({ ...cell, timestamp: cell.timestamp && cell.timestamp + 1_000_000_000n })],
    ['under an honest time', (cell) => (typeof cell.value === 'bigint' ? { ...cell, value: 99n } : cell)],
  ])('are found out when a value is from the future, %s', async (_how, spoil) => {
    const lying = readBy(bigQuery, async (read) =>
      (await bigQuery.pointInTime(read)).map((cells) =>
        cells.map((cell) => (cell.value === null ? cell : spoil(cell))),
      ),
    );
    const job = await (await world(lying)).make({ ...REQUESTED, joins: [CUSTOMER] });
    expect(job.state).toBe('PARTIALLY_SUCCEEDED');
    expect(job.result!.validation.leakedRows).toBeGreaterThan(0n);
    expect(job.result!.validation.offendingRows[0]).toMatchObject({ kind: 'LEAKED' });
  });

  it('wait for a store that is away, and lose and double nothing', async () => {
    const away = new Set(['the join', 'the validation']);
    const unlessAway = async <Answer>(when: string, ask: () => Promise<Answer>): Promise<Answer> => {
      if (away.delete(when)) throw new AppError('STORE_UNAVAILABLE', 'The offline store did not answer. Try again.');
      return ask();
    };
    const joined = readBy(bigQuery, (read) => unlessAway('the join', () => bigQuery.pointInTime(read)));
    const store = storeWith(joined, {
      rows: async function* (read: RowsRead) {
        yield* await unlessAway('the validation', async () => bigQuery.rows(read));
      },
    });
    const job = await (await world(store)).make(REQUESTED);
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { rows: LABELS, validation: { leakedRows: 0n } } });
    expect(away.size).toBe(0);
  });

  it('go on after a stop where they were: what was read once is not read again', async () => {
    const reads: PointInTimeRead[] = [];
    const third = Promise.withResolvers<undefined>();
    let isBlocked = true;
    const store = readBy(bigQuery, async (read) => {
      if (isBlocked && reads.length === 2) {
        third.resolve(undefined);
        return new Promise(() => undefined);
      }
      reads.push(read);
      return bigQuery.pointInTime(read);
    });
    const first = await world(store);
    const request = { ...REQUESTED, joins: [CUSTOMER] };
    const { id } = await first.trainingSets.start({ ...request, ...STARTED });
    await third.promise;
    await first.close();
    expect(existsSync(join(first.folder, 'work', `${id}.duckdb`))).toBe(true);

    isBlocked = false;
    const second = await world(store, first.folder);
    await second.engine.resume();
    const ended = await waitForEnd(second.engine, id);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', progress: { completed: LABELS } });
    const asked = reads.flatMap((read) => read.labels.map(() => read.features[0]!.source.name));
    expect(asked.toSorted()).toEqual([...asked.keys()].map((at) => (at < 14 ? 'fixed' : 'orders')));
    const whole = await (await world()).make(request);
    expect(ended.result).toMatchObject({ validation: whole.result!.validation });
  });

  it('refuse a full validation, which would copy whole histories, and name the field', async () => {
    const { make } = await world();
    await expect(make({ ...REQUESTED, validation: { mode: 'FULL', seed: 0 } })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'validation' },
      message: expect.stringContaining('at most 100 rows'),
    });
  });

  it('are refused at once when they ask what was known, and a table has no creation times', async () => {
    const registry = testRegistry({
      name: 'foreign',
      entityTypes: [{ name: 'guest', sources: [{ features: [{ name: 'a', valueType: 'INT64' }] }] }],
    });
    const entityType = registry.entityType('foreign', 'guest');
    server.tables.create(PROJECT, DATASET, {
      tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: 'guest__values' },
      schema: {
        fields: [
          { name: 'entity_id', type: 'STRING' },
          { name: 'event_timestamp', type: 'TIMESTAMP' },
          { name: 'a', type: 'INT64' },
        ],
      },
    });
    const store = await openTestStore(server, entityType);
    const { trainingSets, make } = await openTrainingSets(registry.featurestores, { findRemoteStore: () => store });
    const request = {
      ...REQUESTED,
      joins: [{ entityType, entityIdColumns: ['who'], features: entityType.features, prefix: '' }],
    };
    for (const [field, options] of Object.entries({
      knownAt: { knownAt: NOW },
      knownAtLabelTime: { knownAtLabelTime: true },
    })) {
      server.jobs.all.clear();
      await expect(make({ ...request, options })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
      expect(server.jobs.all.size).toBe(0);
    }
    const { validation } = await trainingSets.preview(request, 1, NO_LIMIT);
    expect(validation.valuesWrittenAfterLabel).toBeNull();
  });

  it('name the labels whose value is one of several of its time, in the same way as the embedded store', async () => {
    const registry = testRegistry({
      name: 'shop',
      entityTypes: [
        {
          name: 'pair',
          entityIdColumns: ['one', 'two'],
          sources: [{ onRepeatedTime: 'WARN', features: [{ name: 'n', valueType: 'INT64' }] }],
        },
      ],
    });
    const entityType = registry.entityType('shop', 'pair');
    const [source] = entityType.sources;
    const row = (entityId: string, seconds: number, n: bigint) => ({
      entityId,
      timestamp: T(seconds) + 1n,
      values: new Map([['n', n]]),
    });
    const store = await openTestStore(server, [source!]);
    const here = await openTrainingSets(registry.featurestores);
    const there = await openTrainingSets(registry.featurestores, { findRemoteStore: () => store });
    for (const history of [here.offline, store]) {
      // b has a second row of its time, and c one of an earlier time, which no label reads.
      await history.append(source!, [row('a,1', -10, 1n), row('b,1', -10, 1n), row('c,1', -20, 1n)]);
      await history.append(source!, [row('b,1', -10, 2n), row('c,1', -20, 2n), row('c,1', -10, 3n)]);
    }
    const at = '2001-09-09T01:46:40Z';
    const request: TrainingSetRequest = {
      labels: {
        kind: 'INLINE',
        rows: ['a', 'b', 'c', 'b', 'unknown'].map((one) => ({ one, two: '1', at })),
        timeColumn: 'at',
      },
      joins: [{ entityType, entityIdColumns: ['one', 'two'], features: entityType.features, prefix: '' }],
      options: {},
      withTimestamps: false,
    };
    const [expected, made] = [await here.make(request), await there.make(request)];
    expect(made.result!.validation.unexpectedValues).toMatchObject([
      { kind: 'UNIQUE_TIME', rows: 2n, examples: [1n, 3n], entityIds: ['b,1', 'b,1'] },
    ]);
    expect(made.result!.validation).toEqual(expected.result!.validation);
  });

  it('leave nothing when they are cancelled in the middle of a read', async () => {
    const reading = Promise.withResolvers<undefined>();
    const store = readBy(bigQuery, () => {
      reading.resolve(undefined);
      return new Promise(() => undefined);
    });
    const { trainingSets, engine, folder, files } = await world(store);
    const { id } = await trainingSets.start({ ...REQUESTED, ...STARTED, output: { format: 'CSV', location: 'a.csv' } });
    await reading.promise;
    await engine.cancel(id);
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'CANCELLED', result: null });
    expect([readdirSync(files), readdirSync(join(folder, 'work'))]).toEqual([[], []]);
  });
});

/** The store, but for its point-in-time reads: three labels at a time, by this. */
function readBy(store: OfflineStore, pointInTime: OfflineStore['pointInTime']): OfflineStore {
  return storeWith(store, { maxLabelsPerRead: 3, bulk: undefined, pointInTime });
}
