import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../../../datasources/diagnosis.js';
import { diagnoseBigQuery } from '../../../../datasources/offline/bigquery/diagnose.js';
import { expectedColumns } from '../../../../datasources/offline/bigquery/source-table.js';
import type { FeatureRow, PointInTimeRead } from '../../../../datasources/offline/offline-store.js';
import type { EntityType } from '../../../../datasources/registry/model.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';
import {
  bigQuerySettings,
  DATASET,
  openTestStore,
  PROJECT,
  startBigQuery,
} from '../../../support/google/bigquery-store.js';
import type { BigQueryServer } from '../../../support/google/bigquery-server/server.js';
import { describeWithGoogleSql } from '../../../support/google/with-googlesql.js';
import { testRegistry, type EntityTypeInput } from '../../../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const DAY = 86_400_000_000n;

describeWithGoogleSql('the BigQuery offline store', () => {
  let server: BigQueryServer;
  let made = 0;
  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
  });
  afterAll(() => server.stop());
  afterEach(() => {
    server.faults.clear();
  });

  const thing = (input: Partial<EntityTypeInput> = {}): EntityType => {
    const name = `thing_${(made += 1)}`;
    const sources = [{ features: [{ name: 'a', valueType: 'STRING' as const }] }];
    const registry = testRegistry({
      name: 'test',
      offlineStore: { kind: 'BIGQUERY', project: PROJECT, dataset: DATASET, location: 'EU' },
      entityTypes: [{ name, sources, ...input }],
    });
    return registry.entityType('test', name);
  };
  const row = (entityId: string, timestamp: bigint, values: Record<string, string> = { a: entityId }): FeatureRow => ({
    entityId,
    timestamp,
    values: new Map(Object.entries(values)),
  });
  const readOf = (entityType: EntityType, ...entityIds: (string | null)[]): PointInTimeRead => ({
    entityType,
    labels: entityIds.map((entityId) => ({ entityId, time: NOW })),
    features: entityType.features,
  });
  const jobsDuring = async (work: () => Promise<unknown>) => {
    server.jobs.all.clear();
    await work();
    return [...server.jobs.all.values()];
  };

  it('labels each job with what and whom it was for, in letters BigQuery takes', async () => {
    const entityType = thing();
    const store = await openTestStore(
      server,
      entityType,
      {},
      { currentOrigin: () => ({ tenant: 'Team Ä/1', requestId: `REQ-${'9'.repeat(80)}` }) },
    );
    const [job] = await jobsDuring(() => store.pointInTime(readOf(entityType, 'x')));
    expect(job?.configuration.labels).toEqual({
      application: 'featuregraph',
      operation: 'point_in_time',
      tenant: 'team___1',
      request_id: `req-${'9'.repeat(59)}`,
    });
    expect(job?.id).toMatch(/^featuregraph_point_in_time_[0-9a-f-]{36}$/);
    expect(job?.location).toBe('EU');
  });

  it('asks nothing for labels that can match nothing, and sends no null', async () => {
    const entityType = thing();
    const store = await openTestStore(server, entityType);
    expect(await jobsDuring(() => store.pointInTime(readOf(entityType, null, null)))).toEqual([]);
    await store.append(entityType.sources[0]!, [row('x', NOW)]);
    const cells = await store.pointInTime(readOf(entityType, null, 'x'));
    expect(cells.map(([cell]) => cell?.status)).toEqual(['NOT_FOUND', 'PRESENT']);
  });

  it('splits labels that are too many bytes for one request', async () => {
    const entityType = thing();
    const store = await openTestStore(server, entityType);
    const ids = Array.from({ length: 6000 }, (_, index) => `${index}`.padStart(1000, 'x'));
    await store.append(entityType.sources[0]!, [row(ids[0]!, NOW), row(ids[5999]!, NOW)]);
    let cells: unknown[][] = [];
    const jobs = await jobsDuring(async () => (cells = await store.pointInTime(readOf(entityType, ...ids))));
    expect(jobs.length).toBe(3);
    expect(cells.filter(([cell]) => (cell as any).status === 'PRESENT').length).toBe(2);
    expect(cells[5999]).toMatchObject([{ value: ids[5999] }]);
  });

  it('splits features of more sources than one statement can join', async () => {
    const entityType = thing({
      sources: Array.from({ length: 17 }, (_, index) => ({
        name: `s${index}`,
        features: [{ name: `f${index}`, valueType: 'STRING' as const }],
      })),
    });
    const store = await openTestStore(server, entityType);
    for (const [index, source] of entityType.sources.entries()) {
      await store.append(source, [row('x', NOW, { [`f${index}`]: String(index) })]);
    }
    let cells: unknown[][] = [];
    const jobs = await jobsDuring(async () => (cells = await store.pointInTime(readOf(entityType, 'x'))));
    expect(jobs.length).toBe(2);
    expect(cells[0]).toMatchObject(Array.from({ length: 17 }, (_, index) => ({ value: String(index) })));
  });

  it('splits features of a wide source, whose names alone fill a statement', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `f${index}_`.padEnd(64, 'x'));
    const entityType = thing({
      sources: [{ features: names.map((name) => ({ name, valueType: 'STRING' as const })) }],
    });
    const store = await openTestStore(server, entityType);
    await store.append(entityType.sources[0]!, [
      row('x', NOW, Object.fromEntries(names.map((name, index) => [name, String(index)]))),
    ]);
    let cells: { value: unknown }[][] = [];
    const jobs = await jobsDuring(async () => (cells = await store.pointInTime(readOf(entityType, 'x'))));
    expect(jobs.map(({ configuration }) => configuration.query.query.length < 1_000_000)).toEqual([true, true]);
    expect(cells[0]!.map(({ value }) => value)).toEqual(names.map((_, index) => String(index)));

    const labels = { count: 1, page: async () => [{ entityId: 'x', time: NOW }] };
    const { features } = entityType;
    const loaded = store.bulk!.pointInTime({ entityType, features, labels })[Symbol.asyncIterator]();
    await expect(loaded.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'features' } });
  });

  it('reads results page by page, and stops asking when the reader does', async () => {
    const entityType = thing();
    const store = await openTestStore(server, entityType);
    await store.append(
      entityType.sources[0]!,
      Array.from({ length: 12_000 }, (_, index) => row(`x${index}`, NOW)),
    );
    const sizes: number[] = [];
    const seen = new Set<string>();
    const [whole] = await jobsDuring(async () => {
      for await (const writes of store.newest(entityType.sources[0]!)) {
        sizes.push(writes.length);
        for (const { entityId } of writes) seen.add(entityId);
      }
    });
    expect(sizes).toEqual([20_000, 4_000]);
    expect(seen.size).toBe(12_000);
    expect(whole?.pagesRead).toBe(2);
    const [leftEarly] = await jobsDuring(async () => {
      for await (const _ of store.newest(entityType.sources[0]!)) break;
    });
    expect(leftEarly?.pagesRead).toBe(1);
  });

  describe('costs', () => {
    it('are known before a read runs: bytes of the asked columns, in the partitions up to the last label', async () => {
      const entityType = thing({
        sources: [{ features: ['a', 'b'].map((name) => ({ name, valueType: 'STRING' as const })) }],
      });
      const store = await openTestStore(server, entityType);
      await store.append(
        entityType.sources[0]!,
        [0n, 1n, 2n, 3n].map((day) => row('x', NOW - day * DAY, { a: 'a', b: 'b'.repeat(1000) })),
      );
      const read = readOf(entityType, 'x');
      const [a, b] = entityType.features;
      const jobs = await jobsDuring(async () => {
        const { scanned: all, billed } = await store.estimateScan(read);
        expect(billed).toBe(10_485_760n);
        const { scanned: onlyA } = await store.estimateScan({ ...read, features: [a!] });
        const { scanned: earlier } = await store.estimateScan({
          ...read,
          labels: [{ entityId: 'x', time: NOW - 2n * DAY }],
        });
        expect(all - onlyA).toBe(4n * 1002n);
        expect(earlier).toBe(all / 2n);
        expect((await store.estimateScan({ ...read, features: [b!] })).scanned).toBeGreaterThan(4000n);
      });
      expect(jobs).toEqual([]);
    });

    it('of a read of few entities are those of their blocks: in a point-in-time read, a history and a deletion', async () => {
      const entityType = thing({ entityIdColumns: ['origin', 'destination'] });
      const store = await openTestStore(server, entityType);
      const source = entityType.sources[0]!;
      const airports = Array.from({ length: 20 }, (_, number) => `A${number}`);
      // Too old to be streamed, so that a deletion can have them.
      const rows = airports.flatMap((from) =>
        airports.map((to) => row(`${from},${to}`, NOW - 5000n * DAY, { a: 'a'.repeat(100) })),
      );
      await store.append(source, rows);
      const [whole] = await jobsDuring(async () => {
        for await (const _ of store.newest(source));
      });
      const jobs = await jobsDuring(async () => {
        const cells = await store.pointInTime(readOf(entityType, 'A1,A2', 'A1,A3', 'no such id', 'A7,nowhere'));
        expect(cells.map(([cell]) => cell!.status)).toEqual(['PRESENT', 'PRESENT', 'NOT_FOUND', 'NOT_FOUND']);
        const everything = { from: null, to: null, before: null, limit: 1 };
        await store.history({ feature: entityType.features[0]!, entityId: 'A1,A2', ...everything });
        await store.delete(entityType, ['A1,A2']);
      });
      // Two origins and two destinations are known; the history and the deletion are of one pair. A deletion reads no
      // more than the id.
      expect(jobs.map(({ bytes }) => bytes / whole!.bytes)).toEqual([
        expect.closeTo(4 / 400, 3),
        expect.closeTo(1 / 400, 3),
        expect.toSatisfy((share: number) => share < 1 / 400),
      ]);
      expect(jobs.map(({ billedBytes }) => billedBytes)).toEqual(jobs.map(() => 10_485_760));
    });

    it('of a bulk read of few entities are those of their blocks', async () => {
      const entityType = thing({ entityIdColumns: ['number'] });
      const store = await openTestStore(server, entityType);
      const source = entityType.sources[0]!;
      await store.append(
        source,
        Array.from({ length: 100 }, (_, number) => row(String(number), NOW - DAY, { a: 'a'.repeat(1000) })),
      );
      const labels = Array.from({ length: 1000 }, (_, number) => ({ entityId: String(number % 2), time: NOW }));
      const [job] = await jobsDuring(async () => {
        const page = async (from: number, to: number) => labels.slice(from, to);
        const read = { entityType, features: entityType.features, labels: { count: labels.length, page } };
        for await (const _ of store.bulk!.pointInTime(read));
      });
      // Beside the thousand labels, of two entities of a hundred.
      expect(job!.bytes).toBeLessThan(2 * 1100 + labels.length * 40);
    });

    it.each([
      ['that of the event time', 'event_timestamp'],
      ['another', 'loaded_at'],
    ])('of every read can be had where a table requires a filter on its partitions: %s', async (_, field) => {
      const entityType = thing({ entityIdColumns: ['number'] });
      const source = entityType.sources[0]!;
      const loadedAt = { name: 'loaded_at', type: 'TIMESTAMP', mode: 'NULLABLE' };
      server.tables.create(PROJECT, DATASET, {
        tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: `${entityType.name}__values` },
        schema: { fields: [...expectedColumns(source), loadedAt] },
        timePartitioning: { type: 'DAY', field },
        requirePartitionFilter: true,
        clustering: { fields: ['number'] },
      });
      const store = await openTestStore(server, entityType);
      await store.append(source, [row('1', NOW - 5000n * DAY), row('2', NOW - 5000n * DAY)]);
      expect(await store.pointInTime(readOf(entityType, '1'))).toMatchObject([[{ status: 'PRESENT' }]]);
      const everything = { from: null, to: null, before: null, limit: 10 };
      expect(await store.history({ feature: entityType.features[0]!, entityId: '1', ...everything })).toHaveLength(1);
      const writes: unknown[] = [];
      for await (const newest of store.newest(source)) writes.push(...newest);
      expect(writes).not.toEqual([]);
      expect(await store.sampleEntityIds(entityType, 10)).toHaveLength(2);
      const stored: unknown[] = [];
      const rows = store.rows({ source, entityIds: ['1', '2'], features: entityType.features, to: NOW });
      for await (const page of rows) stored.push(...page);
      expect(stored).toHaveLength(2);
      await expect(store.delete(entityType, ['1'])).resolves.toMatchObject({ remaining: expect.any(Array) });
    });

    it('over maximumBytesBilled are refused, with the limit and no name', async () => {
      const entityType = thing();
      // Every query is billed for 10 MiB at least.
      const store = await openTestStore(server, entityType, { maximumBytesBilled: 10_485_759 });
      await expect(store.pointInTime(readOf(entityType, 'x'))).rejects.toMatchObject({
        code: 'COST_OVER_LIMIT',
        details: { maximumBytesBilled: '10485759' },
        message: expect.not.stringContaining(PROJECT),
      });
    });
  });

  describe('writing', () => {
    it('keeps a correction of the same moment written in the same minute', async () => {
      const entityType = thing();
      const store = await openTestStore(server, entityType);
      for (const a of ['first', 'corrected', 'first']) {
        await store.append(entityType.sources[0]!, [row('x', NOW, { a })]);
      }
      expect(await store.pointInTime(readOf(entityType, 'x'))).toMatchObject([[{ value: 'first' }]]);
    });

    it('loads rows too old to be streamed, or too far ahead, and keeps the others', async () => {
      const entityType = thing({ sources: [{ features: EVERY_VALUE_TYPE }] });
      const store = await openTestStore(server, entityType);
      const values = new Map(Object.entries(VALUES_OF_EVERY_TYPE).map(([feature, [value]]) => [feature, value]));
      const times = [NOW - 9000n * DAY, NOW - 4000n * DAY, NOW, NOW + 500n * DAY];
      server.loads.all.clear();
      const outcome = await store.append(entityType.sources[0]!, [
        ...times.map((timestamp) => ({ entityId: 'x', timestamp, values })),
        { ...row('nobody', times[0]!), entityId: null },
      ]);
      expect(outcome).toEqual({ appended: 4, rejected: [{ row: 4, reason: 'it has no entity id' }] });
      expect([...server.loads.all.values()]).toMatchObject([{ rows: 3, location: 'EU' }]);
      expect([...server.loads.all.keys()]).toEqual([expect.stringMatching(/^featuregraph_load_values_/)]);
      const labels = times.map((time) => ({ entityId: 'x', time }));
      const cells = await store.pointInTime({ entityType, labels, features: entityType.features });
      expect(cells).toEqual(
        times.map((timestamp) =>
          entityType.features.map(({ name }) => ({ status: 'PRESENT', value: values.get(name), timestamp })),
        ),
      );
    });

    it('spreads a long past over loads that each change no more days than they may', async () => {
      const entityType = thing();
      const store = await openTestStore(server, entityType);
      const rows = Array.from({ length: 4500 }, (_, day) => row('x', NOW - BigInt(4000 + (day % 4500)) * DAY));
      server.loads.all.clear();
      expect(await store.append(entityType.sources[0]!, rows.toReversed())).toEqual({ appended: 4500, rejected: [] });
      expect([...server.loads.all.values()].map((load) => load.rows)).toEqual([4000, 500]);
    });

    it('gives back what can be neither streamed nor loaded, in words that name nothing inside', async () => {
      const entityType = thing();
      const store = await openTestStore(server, entityType);
      server.tables.maxPartitionsPerJob = 0;
      onTestFinished(() => void (server.tables.maxPartitionsPerJob = 4000));
      const outcome = await store.append(entityType.sources[0]!, [row('old', NOW - 4000n * DAY), row('x', NOW)]);
      expect(outcome).toMatchObject({ appended: 1, rejected: [{ row: 0 }] });
      expect(outcome.rejected[0]?.reason).not.toMatch(new RegExp(`${PROJECT}|${DATASET}|${entityType.name}`));
    });
  });

  describe('tables someone else made', () => {
    const create = (id: string, fields: object[]) =>
      server.tables.create(PROJECT, DATASET, {
        tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: id },
        schema: { fields },
      });
    const field = (name: string, type: string, mode = 'NULLABLE') => ({ name, type, mode });

    it('are read as they are: their names, INT64 ids, nested columns, no columns of ours', async () => {
      create('visits', [
        field('customer', 'INTEGER'),
        field('page', 'STRING'),
        field('seen_at', 'TIMESTAMP'),
        field('tags', 'STRING', 'REPEATED'),
        { ...field('details', 'RECORD'), fields: [field('clicks', 'INTEGER'), field('big', 'INTEGER')] },
      ]);
      const entityType = thing({
        entityIdColumns: ['customer', 'page'],
        sources: [
          {
            bigQueryTable: 'visits',
            timestampColumn: 'seen_at',
            features: [
              { name: 'tags', valueType: 'STRING_ARRAY' },
              { name: 'details', valueType: 'STRUCT' },
            ],
          },
        ],
      });
      const store = await openTestStore(server, entityType, { createTables: false });
      const stored = server.tables.get(PROJECT, DATASET, 'visits');
      const at = (micros: bigint) => ({ timestamp_value: { seconds: (micros / 1_000_000n).toString(), nanos: 0 } });
      stored.rows.push(
        [
          { int64_value: '7' },
          { string_value: 'a,b' },
          at(NOW - DAY),
          { array_value: { element: [{ string_value: 'new' }] } },
          { struct_value: { field: [{ int64_value: '3' }, { int64_value: '9007199254740993' }] } },
        ],
        [{ int64_value: '7' }, { string_value: 'a,b' }, at(NOW), { array_value: { element: [] } }, {}],
      );
      const cells = await store.pointInTime(readOf(entityType, '7,a%2Cb', '07,a%2Cb', '7', 'seven,a%2Cb'));
      expect(cells[0]).toEqual([
        // An empty array means nothing where the table does not list it as meant: a null is stored as one.
        { status: 'PRESENT', value: ['new'], timestamp: NOW - DAY },
        { status: 'PRESENT', value: { clicks: 3, big: '9007199254740993' }, timestamp: NOW - DAY },
      ]);
      expect(
        cells
          .slice(1)
          .flat()
          .map(({ status }) => status),
      ).toEqual(Array(6).fill('NOT_FOUND'));
      const [tags] = entityType.features;
      const range = { from: null, to: null, before: null, limit: 10 };
      expect(await store.history({ feature: tags!, entityId: '7,a%2Cb', ...range })).toEqual([
        { value: ['new'], timestamp: NOW - DAY },
      ]);
      expect(await store.history({ feature: tags!, entityId: '07,a%2Cb', ...range })).toEqual([]);
    });

    it('that do not fit the registry are all named before the gateway serves', async () => {
      create('misfit', [field('entity_id', 'FLOAT'), field('event_timestamp', 'STRING'), field('a', 'INTEGER')]);
      const entityType = thing({
        sources: [
          {
            name: 'misfit',
            bigQueryTable: 'misfit',
            sequenceColumn: 'version',
            features: ['a', 'b'].map((name) => ({ name, valueType: 'STRING' as const })),
          },
          { name: 'gone', bigQueryTable: 'gone', features: [{ name: 'c', valueType: 'STRING' }] },
        ],
      });
      await expect(openTestStore(server, entityType, { createTables: false })).rejects.toMatchObject({
        faults: [
          'table "misfit": column "entity_id" is FLOAT64, and not STRING or INT64',
          'table "misfit": column "event_timestamp" is STRING, and not TIMESTAMP',
          'table "misfit": it has no column "version"',
          'table "misfit": column "a" is INT64, which is no STRING',
          'table "misfit": it has no column "b"',
          'table "gone": it is not there',
        ],
      });
    });

    it('may be in another dataset and project, under names of their own, and of several sources where none is made', async () => {
      server.tables.addDataset('other-project', 'lake', 'EU');
      server.tables.create('other-project', 'lake', {
        tableReference: { projectId: 'other-project', datasetId: 'lake', tableId: 'Customer-Facts' },
        schema: {
          fields: [
            field('CustomerId', 'INTEGER'),
            field('seenAt', 'TIMESTAMP'),
            field('OrderCount', 'INTEGER'),
            field('Tags', 'STRING', 'REPEATED'),
          ],
        },
      });
      const features = [
        { name: 'orders', valueType: 'INT64' as const, column: 'OrderCount' },
        { name: 'tags', valueType: 'STRING_ARRAY' as const, column: 'Tags' },
      ];
      const table = { bigQueryTable: 'other-project.lake.Customer-Facts', timestampColumn: 'seenAt' };
      const entityType = thing({
        entityIdColumns: ['CustomerId'],
        sources: features.map((feature) => ({ ...table, name: feature.name, features: [feature] })),
      });
      const store = await openTestStore(server, entityType, { createTables: false, dataset: null });
      expect(await store.isHealthy()).toBe(true);
      for (const [index, source] of entityType.sources.entries()) {
        const value = index === 0 ? 3n : ['new'];
        await store.append(source, [
          { entityId: '7', timestamp: NOW - DAY, values: new Map([[features[index]!.name, value]]) },
        ]);
      }
      const cell = { status: 'PRESENT', timestamp: NOW - DAY };
      expect(await store.pointInTime(readOf(entityType, '7'))).toEqual([
        [
          { ...cell, value: 3n },
          { ...cell, value: ['new'] },
        ],
      ]);
      const findings: Finding[] = [];
      const settings = bigQuerySettings({ createTables: false, dataset: null });
      for await (const finding of diagnoseBigQuery(settings, entityType.sources, { apiEndpoint: server.endpoint })) {
        findings.push(finding);
      }
      expect(findings[0]).toEqual({ status: 'ok', message: `table ${table.bigQueryTable} has all columns` });
      expect(findings.map(({ remedy: todo }) => todo)).toContain(
        'bq update --clustering_fields=CustomerId other-project:lake.Customer-Facts',
      );
    });

    it('that a query cannot find where it runs are named', async () => {
      server.tables.addDataset(PROJECT, 'overseas', 'US');
      server.tables.create(PROJECT, 'overseas', {
        tableReference: { projectId: PROJECT, datasetId: 'overseas', tableId: 't' },
        schema: { fields: [field('entity_id', 'STRING'), field('event_timestamp', 'TIMESTAMP'), field('a', 'STRING')] },
      });
      const entityType = thing({
        sources: [{ bigQueryTable: 'overseas.t', features: [{ name: 'a', valueType: 'STRING' }] }],
      });
      await expect(openTestStore(server, entityType, { createTables: false })).rejects.toMatchObject({
        faults: ['table "overseas.t": it is in US, and a query that runs in EU does not find it'],
      });
    });

    it('are of one source each', async () => {
      const entityType = thing({
        sources: ['one', 'two'].map((name) => ({
          name,
          bigQueryTable: 'shared',
          features: [{ name, valueType: 'STRING' as const }],
        })),
      });
      await expect(openTestStore(server, entityType)).rejects.toThrow('"shared" is of several sources');
    });
  });

  it('says where the dataset is when the registry names another location', async () => {
    await expect(openTestStore(server, thing(), { location: 'US' })).rejects.toThrow('is in EU, the registry says US');
  });

  it('says so when there is no such dataset', async () => {
    await expect(openTestStore(server, thing(), { dataset: 'nowhere' })).rejects.toThrow('There is no dataset');
  });

  it('does not open tables that the form of its reads cannot answer for', async () => {
    const entityType = thing();
    const opening = openTestStore(server, entityType, { pointInTime: 'ENTITY_FEATURES_AT_TIME' });
    await expect(opening).rejects.toThrow(/ML.ENTITY_FEATURES_AT_TIME cannot heed; set pointInTime/);
  });

  describe('the doctor', () => {
    const findings = async (entityType: EntityType, options: Parameters<typeof bigQuerySettings>[0] = {}) => {
      const found: Finding[] = [];
      const settings = bigQuerySettings(options);
      for await (const finding of diagnoseBigQuery(settings, entityType.sources, { apiEndpoint: server.endpoint })) {
        found.push(finding);
      }
      return found;
    };

    it('finds a dataset and tables of ours in order, before they are made and after', async () => {
      const entityType = thing();
      expect((await findings(entityType)).map(({ status }) => status)).toEqual(['ok', 'ok']);
      await openTestStore(server, entityType);
      expect(await findings(entityType)).toEqual([
        { status: 'ok', message: `dataset ${PROJECT}.${DATASET} is in EU` },
        { status: 'ok', message: `table ${entityType.name}__values has all columns` },
      ]);
    });

    it('says what is wrong with a table, and what to do', async () => {
      server.tables.create(PROJECT, DATASET, {
        tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: 'plain' },
        schema: { fields: ['entity_id', 'a'].map((name) => ({ name, type: 'STRING' })) },
      });
      const entityType = thing({
        sources: [{ bigQueryTable: 'plain', features: [{ name: 'a', valueType: 'STRING_ARRAY' }] }],
      });
      expect((await findings(entityType)).map(({ status, message: what }) => `${status} ${what}`)).toEqual([
        `ok dataset ${PROJECT}.${DATASET} is in EU`,
        'fault table plain: it has no column "event_timestamp"',
        'fault table plain: column "a" is STRING, which is no STRING_ARRAY',
        'warning table plain is not partitioned by event_timestamp: every read is billed for all of it',
        'warning table plain is not clustered by entity_id: the history of one entity is billed as that of all',
        'warning table plain does not say which of two rows of one entity and time is newer: any is taken',
        'warning table plain has no column empty_arrays: an empty array is read as no value',
      ]);
      expect(await findings(entityType, { location: 'US' })).toMatchObject([
        { remedy: 'location: EU in the registry' },
      ]);
      expect(await findings(entityType, { dataset: 'nowhere' })).toMatchObject([
        { status: 'fault', remedy: `bq mk --location=EU ${PROJECT}:nowhere` },
      ]);
      expect(await findings(thing(), { createTables: false })).toMatchObject([
        { status: 'ok' },
        { status: 'fault', remedy: expect.stringContaining('createTables') },
      ]);
    });
  });
});
