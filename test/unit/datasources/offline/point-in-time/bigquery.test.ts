import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BigQueryOfflineStore } from '../../../../../datasources/offline/bigquery/bigquery-offline-store.js';
import { openBigQueryClient } from '../../../../../datasources/google/bigquery/client.js';
import { expectedColumns, readTableLayout } from '../../../../../datasources/offline/bigquery/source-table.js';
import type { FeatureRow } from '../../../../../datasources/offline/offline-store.js';
import {
  compileForBigQuery,
  type BigQueryTarget,
} from '../../../../../datasources/offline/point-in-time/bigquery/compile-for-bigquery.js';
import {
  BigQueryParameters,
  type BigQuerySql,
} from '../../../../../datasources/offline/point-in-time/bigquery/parameters.js';
import {
  planPointInTime,
  type PlannedEntity,
  type PointInTimeOptions,
} from '../../../../../datasources/offline/point-in-time/plan.js';
import type { EntityType } from '../../../../../datasources/registry/model.js';
import type { Registry } from '../../../../../datasources/registry/registry.js';
import { EARLIEST_INSTANT } from '../../../../../values/instant.js';
import type { RawValue } from '../../../../../values/value-type.js';
import { pointInTimeProblem } from '../../../../support/point-in-time-arbitrary.js';
import type { BigQueryServer } from '../../../../support/google/bigquery-server/server.js';
import {
  bigQuerySettings,
  DATASET,
  openTestStore,
  PROJECT,
  startBigQuery,
} from '../../../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../../../support/google/with-googlesql.js';
import { oracleCell } from '../../../../support/point-in-time-oracle.js';
import { testEntityType, testRegistry } from '../../../../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const HOUR = 3_600_000_000n;

/** Labels with several entities each, of dense, sparse and static sources, of one and of several id columns. */
function airline(): Registry {
  return testRegistry({
    name: 'airline',
    entityTypes: [
      {
        name: 'airport',
        ttlSeconds: 7200,
        sources: [
          {
            features: [
              { name: 'mean_delay', valueType: 'DOUBLE' },
              { name: 'runways', valueType: 'INT64_ARRAY', ttlSeconds: 3600 },
              { name: 'weather', valueType: 'STRUCT' },
              { name: 'last_departure', valueType: 'TIMESTAMP' },
            ],
          },
          { name: 'fixed', static: true, features: [{ name: 'city', valueType: 'STRING' }] },
        ],
      },
      {
        name: 'route',
        entityIdColumns: ['origin', 'destination'],
        dense: true,
        sources: [{ features: [{ name: 'flights', valueType: 'INT64' }] }],
      },
    ],
  });
}

interface Question {
  readonly options?: Partial<PointInTimeOptions>;
  readonly outputs?: BigQueryTarget['outputs'];
  readonly ttl?: bigint | null;
  readonly form?: BigQueryTarget['form'];
  readonly hasTieBreaks?: boolean;
}

function compile(registry: Registry, question: Question = {}): BigQuerySql {
  const airport = registry.entityType('airline', 'airport');
  const route = registry.entityType('airline', 'route');
  const isArray = (name: string) => name === 'runways';
  const featuresOf = (entityType: EntityType) =>
    entityType.features.filter(({ name }) => question.form !== 'entityFeaturesAtTime' || !isArray(name));
  const ttl = question.ttl === undefined ? {} : { ttl: question.ttl };
  const entities: PlannedEntity[] = [
    { entityColumn: 'origin', features: featuresOf(airport), ...ttl },
    { entityColumn: 'destination', features: featuresOf(airport).slice(0, 1), ...ttl },
    { entityColumn: 'route', features: featuresOf(route), ...ttl },
  ];
  const parameters = new BigQueryParameters();
  const labels = parameters.add(
    'labels',
    [{ row_id: 'INT64', label_time: 'TIMESTAMP', origin: 'STRING', destination: 'STRING', route: 'STRING' }],
    LABELS,
  );
  return compileForBigQuery(
    planPointInTime(entities, question.options),
    {
      form: question.form ?? 'aggregate',
      labels: `UNNEST(${labels})`,
      bounds: { earliest: NOW, latest: NOW + HOUR },
      entityIdsOf: (column) => new Set(LABELS.map((values) => values[column as 'origin'])),
      ...(question.outputs ? { outputs: question.outputs } : {}),
      tableOf: (source) => {
        const table = readTableLayout(source, { schema: { fields: expectedColumns(source) } }, bigQuerySettings());
        return question.hasTieBreaks === false ? { ...table, createdTime: null, sequence: null, arrival: null } : table;
      },
    },
    parameters,
  );
}

/** One has an id of the wrong form, and one is of an entity that nothing is known of. */
const LABELS: readonly Label[] = [
  label(0, NOW, 'SFO', 'JFK'),
  label(1, NOW + HOUR, 'JFK', 'SFO'),
  { ...label(2, NOW, 'LAX', 'LAX'), route: 'LAX' },
];

interface Label {
  readonly row_id: string;
  readonly label_time: { readonly value: string };
  readonly origin: string;
  readonly destination: string;
  readonly route: string;
}

function label(row: number, time: bigint, origin: string, destination: string): Label {
  const value = new Date(Number(time / 1000n)).toISOString();
  return { row_id: String(row), label_time: { value }, origin, destination, route: `${origin},${destination}` };
}

const VALUES_ONLY = { timestamps: 'NONE', statuses: false } as const;
const QUESTIONS: Readonly<Record<string, Question>> = {
  several_entities: {},
  strictly_before_and_known: { options: { strictlyBefore: true, knownAtLabelTime: true } },
  known_at_a_moment: { options: { knownAt: 1_000_000_000_000_000n, includeExpired: true }, ttl: HOUR },
  values_only: { outputs: VALUES_ONLY, ttl: HOUR },
  entity_features_at_time: { form: 'entityFeaturesAtTime', hasTieBreaks: false },
  entity_features_strictly_before: {
    form: 'entityFeaturesAtTime',
    hasTieBreaks: false,
    options: { strictlyBefore: true },
  },
};
const questions = Object.entries(QUESTIONS);

describe('the BigQuery dialect', () => {
  it.each(questions)('%s: the text is as it was reviewed', async (name, question) => {
    const { sql, types } = compile(airline(), question);
    const declared = Object.entries(types).map(([parameter, type]) => `-- @${parameter} ${JSON.stringify(type)}`);
    await expect([...declared, sql, ''].join('\n')).toMatchFileSnapshot(
      `../../../../golden/point-in-time/bigquery/${name}.sql`,
    );
  });

  it.each(questions)('%s: no analytic function, and constants bound every history', (_name, question) => {
    const { sql, params } = compile(airline(), question);
    expect(sql).not.toMatch(/\bOVER\b/i);
    const histories = sql.match(/`test-project\.features\.(airport|route)__values` AS h/g)!;
    expect(histories.length).toBe(3);
    expect(sql.match(/WHERE h\.`event_timestamp` <= @latest/g)!.length).toBe(histories.length);
    expect(params.latest).toEqual({ value: '2001-09-09T02:46:40Z' });
  });

  it('bounds the history from below only where nothing but values is asked, and each has a ttl', () => {
    const lowerBound = /h\.`event_timestamp` >= @since_\d/;
    const { sql, params } = compile(airline(), { outputs: VALUES_ONLY, ttl: HOUR });
    expect(sql).toMatch(lowerBound);
    expect(params.since_0).toEqual({ value: '2001-09-09T00:46:40Z' });
    // EXPIRED would become NOT_FOUND.
    expect(compile(airline(), { ttl: HOUR }).sql).not.toMatch(lowerBound);
    expect(compile(airline(), { outputs: VALUES_ONLY, ttl: null }).sql).not.toMatch(lowerBound);
  });

  it('has no value in its text', () => {
    const { sql } = compile(airline(), { ttl: 4711n });
    expect(sql.replaceAll('@ttl_4711', '')).not.toMatch(/4711|SFO|2001/);
  });
});

describeWithGoogleSql('the BigQuery dialect, run by GoogleSQL', () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
  });
  afterAll(() => server.stop());

  it('answers every form of a question alike', async () => {
    const registry = airline();
    const types = ['airport', 'route'].map((name) => registry.entityType('airline', name));
    const store = await openTestStore(
      server,
      types.flatMap(({ sources }) => sources),
    );
    await fill(store, registry);
    const client = await openBigQueryClient(bigQuerySettings(), { apiEndpoint: server.endpoint });
    const answers = new Map<string, Record<string, unknown>[]>();
    for (const [name, question] of questions) {
      const { sql, params, types: parameterTypes } = compile(registry, question);
      const [rows] = await client.query({
        query: sql,
        params: { ...params },
        types: { ...parameterTypes } as never,
        location: 'EU',
        wrapIntegers: true,
      });
      answers.set(name, rows as Record<string, unknown>[]);
    }
    const statuses = (name: string) =>
      answers
        .get(name)!
        .map((row) => Object.entries(row).flatMap(([key, value]) => (key.startsWith('status') ? [value] : [])));
    // origin: mean_delay, runways, weather, last_departure; city; destination: mean_delay; route: flights.
    expect(statuses('several_entities')).toEqual([
      ['PRESENT', 'PRESENT', 'NULL', 'PRESENT', 'PRESENT', 'EXPIRED', 'PRESENT'],
      ['EXPIRED', 'EXPIRED', 'EXPIRED', 'EXPIRED', 'NOT_FOUND', 'PRESENT', 'NOT_FOUND'],
      Array(7).fill('NOT_FOUND'),
    ]);
    expect(statuses('entity_features_at_time')).toEqual(
      statuses('several_entities').map((row) => row.filter((_, column) => column !== 1)),
    );
    // What happened at the label's own time is not before it.
    expect(statuses('entity_features_strictly_before')[0]!.slice(0, 2)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    // No row says when it was written.
    expect(
      new Set(
        statuses('strictly_before_and_known')
          .map((row) => row.toSpliced(4, 1))
          .flat(),
      ),
    ).toEqual(new Set(['NOT_FOUND']));
    const values = answers.get('values_only')!.map(({ value_0, value_5 }) => [value_0, value_5]);
    expect(values).toEqual([
      [1.5, null],
      [null, 1.5],
      [null, null],
    ]);
  });

  it('ML.ENTITY_FEATURES_AT_TIME gives what looking at every row for every label gives', async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(pointInTimeProblem, async (problem) => {
        const isStatic = problem.entityType.sources[0]!.static;
        fc.pre(!isStatic);
        const name = `once_${(made += 1)}`;
        const entityType = testEntityType({ name, ...problem.entityType });
        const [source] = entityType.sources;
        // A table such as a feature group reads: nothing breaks ties, so there are none.
        const ours = ['created_timestamp', 'sequence', 'arrival_number', 'empty_arrays'];
        server.tables.create(PROJECT, DATASET, {
          tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: `${name}__values` },
          schema: { fields: expectedColumns(source!).filter((column) => !ours.includes(column.name)) },
        });
        const store = await openTestStore(server, entityType, {
          createTables: false,
          pointInTime: 'ENTITY_FEATURES_AT_TIME',
        });
        const rows = [...Map.groupBy(problem.rows, (row) => `${row.entityId}@${row.timestamp}`).values()].map(
          ([first]) => first!,
        );
        await store.append(source!, rows);
        const features = entityType.features.filter(({ valueType }) => !valueType.endsWith('_ARRAY'));
        const options = { ...problem.options, knownAtLabelTime: false, knownAt: null };
        const cells = await store.pointInTime({ entityType, labels: problem.labels, features, options });
        expect(cells).toEqual(
          problem.labels.map((one) => features.map((feature) => oracleCell(rows, one, feature, options))),
        );
      }),
      { numRuns: Math.ceil(Number(process.env.PROPERTY_RUNS ?? 150) / 5) },
    );
  });

  it('ML.ENTITY_FEATURES_AT_TIME finds nothing strictly before the earliest timestamp', async () => {
    const entityType = testEntityType({
      name: 'earliest',
      sources: [{ features: [{ name: 'n', valueType: 'INT64' }] }],
    });
    const [source] = entityType.sources;
    server.tables.create(PROJECT, DATASET, {
      tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: 'earliest__values' },
      schema: {
        fields: expectedColumns(source!).filter(({ name }) => ['entity_id', 'event_timestamp', 'n'].includes(name)),
      },
    });
    const settings = { createTables: false, pointInTime: 'ENTITY_FEATURES_AT_TIME' } as const;
    const store = await openTestStore(server, entityType, settings);
    await store.append(source!, [{ entityId: 'SFO', timestamp: EARLIEST_INSTANT, values: new Map([['n', 1n]]) }]);
    const labels = [0n, 1n].map((later) => ({ entityId: 'SFO', time: EARLIEST_INSTANT + later }));
    const options = { strictlyBefore: true, knownAtLabelTime: false, knownAt: null, includeExpired: false };
    const cells = await store.pointInTime({ entityType, labels, features: entityType.features, options });
    expect(cells.map(([cell]) => cell!.status)).toEqual(['NOT_FOUND', 'PRESENT']);
  });

  it('refuses ML.ENTITY_FEATURES_AT_TIME where its meaning is another', () => {
    const ask = (question: Question) => () =>
      compile(airline(), { form: 'entityFeaturesAtTime', hasTieBreaks: false, ...question });
    expect(ask({ hasTieBreaks: true })).toThrow('takes any of two rows of one time');
    expect(ask({ options: { knownAtLabelTime: true } })).toThrow('cannot leave out what was written later');
  });

  it.each(['knownAt', 'knownAtLabelTime'] as const)('refuses %s of a table without creation times', (option) => {
    const options = option === 'knownAt' ? { knownAt: 0n } : { knownAtLabelTime: true };
    expect(() => compile(airline(), { hasTieBreaks: false, options })).toThrow(`"${option}" needs the time`);
  });
});

async function fill(store: BigQueryOfflineStore, registry: Registry): Promise<void> {
  const [values, fixed] = registry.entityType('airline', 'airport').sources;
  const [flights] = registry.entityType('airline', 'route').sources;
  const row = (entityId: string, timestamp: bigint | null, values: Record<string, RawValue>): FeatureRow => ({
    entityId,
    timestamp,
    values: new Map(Object.entries(values)),
  });
  await store.append(values!, [
    row('SFO', NOW, { mean_delay: 1.5, runways: [], last_departure: NOW - 1n }),
    row('JFK', NOW - 2n * HOUR - 1n, { mean_delay: 7 }),
  ]);
  await store.append(fixed!, [row('SFO', null, { city: 'San Francisco' })]);
  await store.append(flights!, [row('SFO,JFK', NOW - 50n * HOUR, { flights: 3n })]);
}
