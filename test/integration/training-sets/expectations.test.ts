import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DuckDBInstance, listValue } from '@duckdb/node-api';
import { toDuckDb, toDuckDbType } from '../../../datasources/duckdb/value-mapping.js';
import type { Feature } from '../../../datasources/registry/model.js';
import { findViolations, listChecks } from '../../../ingestion/expectations/find-violations.js';
import { ExpectationSql } from '../../../training-sets/expectation-sql.js';
import type { TrainingSetPlan } from '../../../training-sets/training-set-plan.js';
import type { LabelSource, TrainingSetRequest } from '../../../training-sets/training-sets.js';
import type { RawValue } from '../../../values/value-type.js';
import { VALUES_OF_EVERY_TYPE } from '../../support/every-value-type.js';
import { T } from '../../support/small-registry.js';
import { testEntityType, testRegistry } from '../../support/test-registry.js';
import { NO_LIMIT, openTrainingSets } from '../../support/training-set-dependencies.js';

type Expectations = NonNullable<
  Parameters<typeof testEntityType>[0]['sources'][number]['features'][number]['expectations']
>;

/** Customers c0 to c9, whose age is ten times their number; the last three have no channel. */
async function openCustomers(age: Expectations, channel: Expectations = []) {
  const registry = testRegistry({
    name: 'shop',
    entityTypes: [
      {
        name: 'customer',
        sources: [
          {
            features: [
              { name: 'age', valueType: 'INT64', expectations: age },
              { name: 'channel', valueType: 'STRING', expectations: channel },
            ],
          },
        ],
      },
    ],
  });
  const entityType = registry.entityType('shop', 'customer');
  const world = await openTrainingSets(registry.featurestores);
  await world.offline.append(
    entityType.sources[0]!,
    Array.from({ length: 10 }, (_, index) => ({
      entityId: `c${index}`,
      timestamp: T(-10),
      values: new Map<string, RawValue | null>([
        ['age', BigInt(index) * 10n],
        ['channel', index < 7 ? 'web' : null],
      ]),
    })),
  );
  const labels: LabelSource = {
    kind: 'INLINE',
    rows: Array.from({ length: 10 }, (_, index) => ({ who: `c${index}`, at: '2001-09-09T01:46:40Z' })),
    timeColumn: 'at',
  };
  const request: TrainingSetRequest = {
    labels,
    joins: [{ entityType, entityIdColumns: ['who'], features: entityType.features, prefix: '' }],
    options: { strictlyBefore: false, knownAtLabelTime: false, knownAt: null, includeExpired: false },
    withTimestamps: false,
  };
  const outputs = (): string[] => {
    const folder = join(world.files, 'training-sets');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  return { ...world, request, outputs };
}

describe('a training set with values that are not as expected', () => {
  it('is not published if the registry rejects them, and the error names the column and the labels', async () => {
    const { make, request, outputs } = await openCustomers([{ max: 60, onViolation: 'REJECT' }]);
    const job = await make(request);
    expect(job).toMatchObject({ state: 'FAILED', result: null });
    expect(job.error).toEqual({
      code: 'EXPECTATION_VIOLATED',
      message:
        'In 3 rows, "age" has a value that is not as expected (RANGE: labels 7, 8, 9, counted from 0). ' +
        'Feature.expectations has what is expected. The output was removed. Correct the values, or change the expectation or its onViolation in the registry.',
    });
    expect(outputs()).toEqual([]);
  });

  it('is published and lists them by column if the registry warns or quarantines', async () => {
    const { make, request, outputs } = await openCustomers(
      [
        { min: 10, onViolation: 'QUARANTINE' },
        { min: 0, onViolation: 'REJECT' },
      ],
      [
        { in: ['store'], onViolation: 'WARN' },
        { maxNullShare: 0.29, onViolation: 'WARN' },
      ],
    );
    const job = await make(request);
    expect(job.state).toBe('SUCCEEDED');
    expect(job.result!.validation.unexpectedValues).toEqual([
      {
        column: 'age',
        kind: 'RANGE',
        action: 'QUARANTINE',
        description: 'at least 10',
        rows: 1n,
        examples: [0n],
        entityIds: ['c0'],
      },
      {
        column: 'channel',
        kind: 'SET',
        action: 'WARN',
        description: 'one of "store"',
        rows: 7n,
        examples: [0n, 1n, 2n, 3n, 4n, 5n, 6n],
        entityIds: ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6'],
      },
      {
        column: 'channel',
        kind: 'NULL_SHARE',
        action: 'WARN',
        description: 'a value in all rows but a share of at most 0.29',
        rows: 3n,
        examples: [7n, 8n, 9n],
        entityIds: ['c7', 'c8', 'c9'],
      },
    ]);
    expect(outputs()).toHaveLength(1);
  });

  it('has as many rows without a value as the share allows, exactly', async () => {
    const { make, request } = await openCustomers([], [{ maxNullShare: 0.3, onViolation: 'REJECT' }]);
    expect((await make(request)).result!.validation.unexpectedValues).toEqual([]);
  });

  it('shows in a preview, which fails for none', async () => {
    const { trainingSets, request } = await openCustomers([{ max: 60, onViolation: 'REJECT' }]);
    const { validation } = await trainingSets.preview(request, 1, NO_LIMIT);
    expect(validation.unexpectedValues).toMatchObject([{ column: 'age', rows: 3n, examples: [7n, 8n, 9n] }]);
  });

  it('names at most ten labels of an expectation', async () => {
    const { trainingSets, request } = await openCustomers([]);
    const rows = Array.from({ length: 30 }, () => ({ who: 'c9', at: '2001-09-09T01:46:40Z' }));
    const [age] = request.joins[0]!.features as [Feature];
    const expecting = { ...age, expectations: [{ kind: 'RANGE', min: null, max: 0n, onViolation: 'WARN' }] } as Feature;
    const { validation } = await trainingSets.preview(
      {
        ...request,
        labels: { kind: 'INLINE', rows, timeColumn: 'at' },
        joins: [{ ...request.joins[0]!, features: [expecting] }],
      },
      1,
      NO_LIMIT,
    );
    expect(validation.unexpectedValues).toMatchObject([{ rows: 30n, examples: { length: 10 } }]);
  });
});

describe('a source that should have one row of an entity at an event time', () => {
  async function openRepeated(onRepeatedTime: 'REJECT' | 'WARN' | null, format: 'PARQUET' | 'CSV') {
    const registry = testRegistry({
      name: 'shop',
      entityTypes: [{ name: 'customer', sources: [{ onRepeatedTime, features: [{ name: 'n', valueType: 'INT64' }] }] }],
    });
    const entityType = registry.entityType('shop', 'customer');
    const world = await openTrainingSets(registry.featurestores);
    const row = (entityId: string, seconds: number, n: bigint) => ({
      entityId,
      timestamp: T(seconds) + 1n,
      values: new Map([['n', n]]),
    });
    // b has a second row of its time, and c one of an earlier time, which no label reads.
    await world.offline.append(entityType.sources[0]!, [row('a', -10, 1n), row('b', -10, 1n), row('c', -20, 1n)]);
    await world.offline.append(entityType.sources[0]!, [row('b', -10, 2n), row('c', -20, 2n), row('c', -10, 3n)]);
    const at = '2001-09-09T01:46:40Z';
    const rows = ['a', 'b', 'c', 'b', 'unknown'].map((who) => ({ who, at }));
    return world.make(
      {
        labels: { kind: 'INLINE', rows, timeColumn: 'at' },
        joins: [{ entityType, entityIdColumns: ['who'], features: entityType.features, prefix: '' }],
        options: { strictlyBefore: false, knownAtLabelTime: false, knownAt: null, includeExpired: false },
        withTimestamps: format === 'CSV',
      },
      { output: { format, location: null } },
    );
  }

  it.each(['PARQUET', 'CSV'] as const)(
    'is named with the labels whose value is one of several, in %s',
    async (format) => {
      const { state, result } = await openRepeated('WARN', format);
      expect(state).toBe('SUCCEEDED');
      expect(result!.validation.unexpectedValues).toEqual([
        {
          column: 'n',
          kind: 'UNIQUE_TIME',
          action: 'WARN',
          description: 'one row of an entity at an event time in the source "values"',
          rows: 2n,
          examples: [1n, 3n],
          entityIds: ['b', 'b'],
        },
      ]);
    },
  );

  it('fails the training set if the registry says so, and is not looked at otherwise', async () => {
    expect((await openRepeated('REJECT', 'PARQUET')).error).toMatchObject({
      code: 'EXPECTATION_VIOLATED',
      message: expect.stringContaining('labels 1, 3, counted from 0') as string,
    });
    expect((await openRepeated(null, 'PARQUET')).result!.validation.unexpectedValues).toEqual([]);
  });
});

/** The expectations of a type that its values keep and violate, at the ends of ranges too. */
const OF_EVERY_TYPE: Readonly<Record<string, Expectations>> = {
  bool: [{ in: [true], onViolation: 'WARN' }],
  bool_array: [
    { in: [true], onViolation: 'WARN' },
    { minItems: 1, onViolation: 'WARN' },
  ],
  double: [
    { min: 0, onViolation: 'WARN' },
    { max: 1.5, onViolation: 'WARN' },
    { in: [0, 1.5], onViolation: 'WARN' },
  ],
  double_array: [
    { min: 0.1, onViolation: 'WARN' },
    { maxItems: 1, onViolation: 'WARN' },
  ],
  int64: [
    { min: '9007199254740993', onViolation: 'WARN' },
    { max: '9223372036854775806', onViolation: 'WARN' },
    { in: [0, '-9223372036854775808'], onViolation: 'WARN' },
  ],
  int64_array: [
    { min: 0, onViolation: 'WARN' },
    { minItems: 1, maxItems: 3, onViolation: 'WARN' },
  ],
  string: [
    { matches: '(?i)[a-zü]*', onViolation: 'WARN' },
    { matches: '(a|aa)+.*', onViolation: 'WARN' },
    { matches: '[^\\x00]*', onViolation: 'WARN' },
    { matches: '.*', onViolation: 'WARN' },
    { in: ['', 'nul\u0000inside', 'quote \' " \\ ; --'], onViolation: 'WARN' },
    { minLength: 1, maxLength: 17, onViolation: 'WARN' },
  ],
  string_array: [
    { in: ['a', ''], onViolation: 'WARN' },
    { maxLength: 1, onViolation: 'WARN' },
    { matches: '\\pL*', onViolation: 'WARN' },
  ],
  bytes: [{ minLength: 1, maxLength: 8, onViolation: 'WARN' }],
  timestamp: [
    { min: '2001-09-09T01:46:40.000001Z', onViolation: 'WARN' },
    { max: '1970-01-01T00:00:00Z', onViolation: 'WARN' },
    { in: ['1970-01-01T00:00:00.000001Z'], onViolation: 'WARN' },
  ],
};

it.each(Object.keys(OF_EVERY_TYPE))('DuckDB finds of each %s what the check of a written row finds', async (name) => {
  const valueType = name.toUpperCase() as Feature['valueType'];
  const feature = { name: 'f', valueType, expectations: OF_EVERY_TYPE[name]! };
  const column = testEntityType({ name: 'thing', sources: [{ features: [feature] }] }).features[0]!;
  const random: Partial<Record<Feature['valueType'], fc.Arbitrary<unknown>>> = {
    STRING: fc.string({ unit: fc.constantFrom('a', 'b', 'Ü', '✈', '👩', '\n', '\u0000', ' '), maxLength: 20 }),
    DOUBLE: fc.double(),
    INT64: fc.bigInt(2n ** 53n - 5n, 2n ** 53n + 5n),
    STRING_ARRAY: fc.array(fc.string({ unit: fc.constantFrom('a', '✈'), maxLength: 2 }), { maxLength: 3 }),
  };
  const arbitrary = random[valueType];
  const values: (RawValue | null)[] = [
    null,
    ...VALUES_OF_EVERY_TYPE[name as keyof typeof VALUES_OF_EVERY_TYPE],
    ...(valueType === 'STRING' ? ['a'.repeat(2_000), 'a'.repeat(2_001), '✈'.repeat(2_000), '👩'.repeat(2_000)] : []),
    ...(arbitrary ? (fc.sample(arbitrary, 200) as RawValue[]) : []),
  ];
  const sql = new ExpectationSql({
    features: [{ name: 'f', feature: { valueColumn: 'v', feature: column }, source: { entityColumn: 'row_id' } }],
  } as unknown as TrainingSetPlan);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const type = toDuckDbType(valueType);
  await connection.run(`CREATE TABLE checked (row_id BIGINT, v ${type.toString()})`);
  for (const [index, value] of values.entries()) {
    const bound = value === null ? null : toDuckDb(valueType, value);
    await connection.run('INSERT INTO checked VALUES ($1, $2)', [BigInt(index), bound], [undefined!, type]);
  }
  for (const [number, check] of listChecks([column]).entries()) {
    const expected = values.flatMap((value, index) => (findViolations([check], [value]) ? [BigInt(index)] : []));
    const count = sql.counts()[2 * number + 1]!.replace(/min\(\{.*?\}, 10\)/, 'list(row_id ORDER BY row_id)');
    const [[found]] = (await connection.runAndReadAll(`SELECT ${count} FROM checked`)).getRows() as [[unknown]];
    expect([check.violation.message, found]).toEqual([
      check.violation.message,
      expected.length === 0 ? null : listValue(expected),
    ]);
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(values.length);
  }
  connection.closeSync();
  instance.closeSync();
});
