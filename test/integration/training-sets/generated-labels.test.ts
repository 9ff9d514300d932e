import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntityTimesRead } from '../../../datasources/offline/entity-times.js';
import type { FeatureRow } from '../../../datasources/offline/offline-store.js';
import { DEFAULT_OPTIONS } from '../../../datasources/offline/point-in-time/plan.js';
import type { GeneratedLabels } from '../../../training-sets/generated-labels.js';
import type { TrainingSetRequest } from '../../../training-sets/training-sets.js';
import { formatInstant, parseInstant } from '../../../values/instant.js';
import { existsAt } from '../../support/entity-times-oracle.js';
import { openTestStore, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { oracleCell } from '../../support/point-in-time-oracle.js';
import { CUSTOMER, openShop, SHOP, VISIT, writeShopHistory } from '../../support/shop-history.js';
import { NOW, row, T } from '../../support/small-registry.js';
import { NO_LIMIT, openTrainingSets } from '../../support/training-set-dependencies.js';

const EVERY_30_S = {
  kind: 'REGULAR',
  from: T(0),
  until: T(120),
  every: { unit: 'SECOND', count: 30 },
  timeZone: 'UTC',
} as const;

function generated(labels: Partial<GeneratedLabels> = {}, how: Partial<TrainingSetRequest> = {}): TrainingSetRequest {
  return {
    labels: { kind: 'GENERATED', entityIds: null, times: EVERY_30_S, timeColumn: 'at', ...labels },
    joins: [CUSTOMER],
    options: DEFAULT_OPTIONS,
    withTimestamps: true,
    ...how,
  };
}

const labelsOf = (rows: readonly Readonly<Record<string, unknown>>[]) => rows.map(({ at, who }) => [at, who]);
const at = (seconds: number) => formatInstant(T(seconds));

describe('labels without a list', () => {
  it('are the entities that exist at each time, in the order of the times', async () => {
    const { trainingSets } = await openShop();
    const { rows, validation } = await trainingSets.preview(generated(), 100, NO_LIMIT);
    // bob has his first row at second 10.
    expect(labelsOf(rows)).toEqual([
      [at(0), 'ann'],
      ...[30, 60, 90].flatMap((seconds) => ['ann', 'bob'].map((who) => [at(seconds), who])),
    ]);
    expect(validation).toMatchObject({ labelRows: 7n, leakedRows: 0n, unmatchedRows: 0n, invalidLabels: 0n });
  });

  it.each<[string, Partial<TrainingSetRequest>, unknown[]]>([
    // bob's row is true at second 10, and written at 35.
    [
      'known at the time of the label',
      { options: { ...DEFAULT_OPTIONS, knownAtLabelTime: true } },
      [
        [at(60), 'bob'],
        [at(90), 'bob'],
      ],
    ],
    ['known at a moment', { options: { ...DEFAULT_OPTIONS, knownAt: T(20) } }, []],
    [
      'strictly before',
      { options: { ...DEFAULT_OPTIONS, strictlyBefore: true } },
      [30, 60, 90].map((second) => [at(second), 'bob']),
    ],
  ])('count only the rows that the values count: %s', async (_how, how, expected) => {
    const { trainingSets } = await openShop();
    const request = generated({ entityIds: ['bob'] }, how);
    const { rows, validation } = await trainingSets.preview(request, 100, NO_LIMIT);
    expect(labelsOf(rows)).toEqual(expected);
    expect(validation.leakedRows).toBe(0n);
  });

  it('are the events of a source in a range, each once, and have the parts of a composite id', async () => {
    const { make, query, files } = await openShop();
    const times = { kind: 'EVENTS', feature: 'seconds', from: T(20), until: T(60) } as const;
    const job = await make(
      generated(
        { times },
        {
          joins: [
            { ...VISIT, prefix: '' },
            { ...CUSTOMER, prefix: 'customer_' },
          ],
        },
      ),
    );
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { rows: 1n, validation: { leakedRows: 0n } } });
    const [label] = await query(
      `SELECT who, page, seconds, customer_orders_7d FROM '${files}/${job.result!.output.location}'`,
    );
    expect(label).toEqual({ who: 'ann', page: 'home,1', seconds: 3.5, customer_orders_7d: 1n });
  });

  it('keep the time of day of a time zone when its clocks are turned', async () => {
    const { trainingSets, offline } = await openShop();
    await offline.append(CUSTOMER.entityType.sources[0]!, [row('zoe', -1, { orders_7d: 1n })]);
    const daily = (from: string, until: string, unit: 'DAY' | 'WEEK' = 'DAY') =>
      generated({
        entityIds: ['zoe'],
        times: {
          kind: 'REGULAR',
          from: parseInstant(from),
          until: parseInstant(until),
          every: { unit, count: 1 },
          timeZone: 'Europe/Berlin',
        },
      });
    const timesOf = async (request: TrainingSetRequest) =>
      (await trainingSets.preview(request, 100, NO_LIMIT)).rows.map((label) => label.at);
    expect(await timesOf(daily('2024-03-30T06:00:00+01:00', '2024-04-02T00:00:00Z'))).toEqual([
      '2024-03-30T05:00:00Z',
      '2024-03-31T04:00:00Z',
      '2024-04-01T04:00:00Z',
    ]);
    expect(await timesOf(daily('2024-10-26T06:00:00+02:00', '2024-11-03T00:00:00Z', 'WEEK'))).toEqual([
      '2024-10-26T04:00:00Z',
      '2024-11-02T05:00:00Z',
    ]);
    // 02:30 does not exist on 31 March, and is there twice on 27 October.
    for (const [from, until] of [
      ['2024-03-30T01:30:00Z', '2024-04-02T00:00:00Z'],
      ['2024-10-26T00:30:00Z', '2024-10-29T00:00:00Z'],
    ]) {
      await expect(timesOf(daily(from!, until!))).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: 'labels.source.generated.times.regular.timeZone' },
      });
    }
  });

  it.each<[string, Partial<GeneratedLabels>, string]>([
    ['an unknown zone', { times: { ...EVERY_30_S, timeZone: 'Mars/Base' } }, 'times.regular.timeZone'],
    ['an empty range', { times: { ...EVERY_30_S, until: T(0) } }, 'times.regular.until'],
    ['an interval of nothing', { times: { ...EVERY_30_S, every: { unit: 'DAY', count: 0 } } }, 'times.regular.every'],
    [
      'too many times',
      { times: { ...EVERY_30_S, until: T(1e8), every: { unit: 'SECOND', count: 1 } } },
      'times.regular.every',
    ],
    ['no entities', { entityIds: [] }, 'entityIds'],
    [
      'events of a static source',
      { times: { kind: 'EVENTS', feature: 'born', from: T(0), until: T(1) } },
      'times.events.feature',
    ],
    [
      'events of an empty range',
      { times: { kind: 'EVENTS', feature: 'city', from: T(1), until: T(1) } },
      'times.events.until',
    ],
  ])('are refused before the start: %s', async (_what, labels, field) => {
    const { trainingSets, make } = await openShop();
    const refused = { code: 'BAD_USER_INPUT', details: { field: `labels.source.generated.${field}` } };
    await expect(trainingSets.work(generated(labels))).rejects.toMatchObject(refused);
    await expect(make(generated(labels))).rejects.toMatchObject(refused);
  });

  it('are counted before the start, and refused when there are too many for a job', async () => {
    const { trainingSets, offline, query } = await openShop();
    await query(
      `INSERT INTO shop."customer.orders" (entity_id, event_timestamp) SELECT 'c' || range, TIMESTAMP '2001-01-01' FROM range(1000)`,
    );
    expect(await offline.countRows(CUSTOMER.entityType.sources[0]!)).toBe(1004n);
    const times = { ...EVERY_30_S, until: T(60_000), every: { unit: 'SECOND', count: 1 } } as const;
    await expect(trainingSets.work(generated({ times }))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/60,\d{3},\d{3} labels.*50,000,000/),
    });
  });

  it('have no values, so that a validation of a file refuses them', async () => {
    const { trainingSets } = await openShop();
    await expect(trainingSets.validate(generated(), new Map(), NO_LIMIT)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'labels.source.generated' },
    });
  });

  it('have the values of the naive program', async () => {
    const [source] = CUSTOMER.entityType.sources;
    const orders = CUSTOMER.features.find(({ name }) => name === 'orders_7d')!;
    const seconds = fc.integer({ min: -5, max: 25 });
    const oneRow = fc.record({
      who: fc.constantFrom('a', 'b', 'ü,%'),
      time: seconds,
      written: fc.option(seconds),
      orders: fc.bigInt(0n, 9n),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(oneRow, { maxLength: 12 }),
        fc.record({ strictlyBefore: fc.boolean(), knownAtLabelTime: fc.boolean(), knownAt: fc.option(seconds.map(T)) }),
        async (given, how) => {
          const rows = given.map(({ who, time, written, orders: value }): FeatureRow => ({
            ...row(who, time, { orders_7d: value, mean_basket: 1, city: 'Bern' }),
            createdTimestamp: written === null ? null : T(written),
          }));
          const world = await openTrainingSets(SHOP.featurestores);
          if (rows.length > 0) await world.offline.append(source!, rows);
          const options = { ...DEFAULT_OPTIONS, ...how };
          const times = { ...EVERY_30_S, until: T(20), every: { unit: 'SECOND', count: 5 } } as const;
          const joins = [{ ...CUSTOMER, features: [orders] }];
          const request = generated({ times }, { options, joins });
          const { rows: made, validation } = await world.trainingSets.preview(request, 100, NO_LIMIT);
          await world.close();
          const read: EntityTimesRead = {
            ...{ entityType: CUSTOMER.entityType, sources: [source!], entityIds: null, events: null },
            knownAt: how.knownAt,
            sinceWritten: how.knownAtLabelTime,
          };
          const expected = [0, 5, 10, 15].flatMap((second) =>
            ['a', 'b', 'ü,%']
              .filter((entityId) =>
                existsAt(rows, read, { entityId, time: T(second) - (how.strictlyBefore ? 1n : 0n) }),
              )
              .map((entityId) => {
                const own = rows.filter((one) => one.entityId === entityId);
                const { value } = oracleCell(own, { entityId, time: T(second) }, orders, options);
                return [at(second), entityId, value === null ? null : (value as bigint).toString()];
              }),
          );
          expect(made.map((label) => [label.at, label.who, label.orders_7d])).toEqual(expected);
          expect(validation.leakedRows).toBe(0n);
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 25) },
    );
  });
});

describeWithGoogleSql('labels without a list, whose history is in BigQuery', () => {
  it.each<[string, TrainingSetRequest]>([
    ['at an interval', generated()],
    ['known at the time', generated({}, { options: { ...DEFAULT_OPTIONS, knownAtLabelTime: true } })],
    ['of some entities', generated({ entityIds: ['bob'] })],
    ['at events', generated({ times: { kind: 'EVENTS', feature: 'city', from: T(0), until: T(90) } })],
  ])('are those of the embedded store: %s', async (_how, request) => {
    const server = await startBigQuery(() => NOW);
    try {
      const sources = [CUSTOMER, VISIT].flatMap(({ entityType }) => entityType.sources);
      const store = await openTestStore(server, sources);
      await writeShopHistory(store);
      const [here, there] = [
        await openShop(),
        await openTrainingSets(SHOP.featurestores, { findRemoteStore: () => store }),
      ];
      const [expected, made] = [await here.make(request), await there.make(request)];
      expect(made).toMatchObject({ state: 'SUCCEEDED', result: { validation: { leakedRows: 0n } } });
      const rowsOf = ({ query, files }: typeof here, location: string) => query(`SELECT * FROM '${files}/${location}'`);
      expect(await rowsOf(there, made.result!.output.location)).toEqual(
        await rowsOf(here, expected.result!.output.location),
      );
      expect(made.result!.rows).toBeGreaterThan(0n);
    } finally {
      await server.stop();
    }
  });
});
