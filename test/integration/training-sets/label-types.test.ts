import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TrainingSetRequest } from '../../../training-sets/training-sets.js';
import { CUSTOMER, openShop, REQUEST, SHOP } from '../../support/shop-history.js';
import { startTestGateway } from '../../support/test-gateway.js';

/** Label columns that a format can keep: a job must not take what comes back for another value. */
const KEPT: readonly (readonly [type: string, value: string, notIn?: 'PARQUET' | 'CSV'])[] = [
  ['BOOLEAN', 'true'],
  ['FLOAT', '0.1'],
  ['DOUBLE', `'-0.0'`],
  ['DOUBLE', `'nan'`],
  ['DECIMAL(38,2)', `'123456789012345678901234567890123456.78'`],
  ['VARCHAR', `''`],
  ['VARCHAR', `E'a,"b"\\nc'`],
  ['DECIMAL(38,0)', `'12345678901234567890123456789012345678'`],
  ['DECIMAL(38,38)', `'0.12345678901234567890123456789012345678'`],
  ['HUGEINT', `'12345678901234567891'`, 'PARQUET'],
  ['UHUGEINT', `'12345678901234567891'`, 'PARQUET'],
  ['UBIGINT', `'18446744073709551615'`],
  ['HUGEINT[]', `['12345678901234567891']`, 'PARQUET'],
  ['BLOB', `'\\x00\\xFF'`, 'CSV'],
  ['BLOB[]', `['\\x00\\xFF'::BLOB]`, 'CSV'],
  ['BIT', `'0101'`],
  ['JSON', `'{"a": 12345678901234567891}'`],
  ['INTERVAL', `'1 month 3 microseconds'`, 'PARQUET'],
  ['TIME WITH TIME ZONE', `'01:02:03+02'`, 'PARQUET'],
  ['DATE[]', `['2020-01-01']`],
  ['DECIMAL(38,2)[]', `['123456789012345678901234567890123456.78']`],
  ['MAP(VARCHAR, INTEGER)', `MAP {'a, b': 1}`],
  ['INTEGER[2]', '[1, 2]'],
  ['STRUCT("HUGEINT" INTEGER)', `{'HUGEINT': 1}`],
  ['UUID', `'00000000-0000-0000-0000-000000000001'`],
  ['DATE', `'2020-01-01'`],
  ['TIME', `'01:02:03.000004'`],
  ['TIMESTAMP', `'2020-01-01 00:00:00.000001'`],
  ['TIMESTAMP_S', `'2020-01-01'`],
  ['TIMESTAMP_MS', `'2020-01-01 00:00:00.001'`],
  ['TIMESTAMP WITH TIME ZONE', `'2020-01-01 00:00:00+02'`],
  ['INTEGER[]', '[1, NULL, 3]'],
  ['VARCHAR[]', `['a,b', 'c''d', NULL]`],
  [`STRUCT(a INTEGER, b VARCHAR)`, `{a: 1, b: 'x, y'}`],
  [`ENUM('a', 'b')`, `'b'`],
];

it.each(['PARQUET', 'CSV', 'TABLE'] as const)(
  'label columns of every type come through as %s unchanged',
  async (format) => {
    const { make, query } = await openShop();
    const carried = KEPT.filter(([, , notIn]) => notIn !== format);
    const columns = carried.map(([type, value], index) => `CAST(${value} AS ${type}) AS c${index}`);
    const nulls = carried.map(([type], index) => `CAST(NULL AS ${type}) AS c${index}`);
    const keys = `'ann' AS who, TIMESTAMP '2001-09-09 01:47:29' AS at_time`;
    await query(
      `CREATE TABLE wide AS SELECT ${keys}, ${columns.join(', ')} UNION ALL SELECT ${keys}, ${nulls.join(', ')}`,
    );
    const { state, error, result } = await make(
      { ...REQUEST, joins: [CUSTOMER], labels: { kind: 'TABLE', table: 'wide', timeColumn: 'at_time' } },
      { output: { format, location: null } },
    );
    expect({ state, error }).toEqual({ state: 'SUCCEEDED', error: null });
    expect(result!.validation.changedRows).toBe(0n);
  },
);

const at = (columns: string) => `SELECT 'ann' AS who, TIMESTAMP '2001-09-09 01:47:29' AS at_time, ${columns}`;
const table = (name: string) => ({
  ...REQUEST,
  joins: [CUSTOMER],
  labels: { kind: 'TABLE', table: name, timeColumn: 'at_time' } as const,
});

it.each([
  ...KEPT.flatMap(([type, value, format]) => (format ? ([[type, value, format]] as const) : [])),
  ['UNION(a INTEGER)', '1', 'CSV'] as const,
  ['UNION(a INTEGER)', '1', 'PARQUET'] as const,
  ['STRUCT(a HUGEINT)', '{a: 1}', 'PARQUET'] as const,
])('a label column that is %s is refused at the start: %s as %s', async (type, value, format) => {
  const { make, query } = await openShop();
  await query(`CREATE TABLE odd AS ${at(`CAST(${value} AS ${type}) AS account`)}`);
  await expect(make(table('odd'), { output: { format, location: null } })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { field: 'output.format' },
    message: expect.stringMatching(new RegExp(`^Column "account" is .*, which ${format} cannot carry: .* TABLE\\.$`)),
  });
});

const TIMES = at(`TIMESTAMP '2020-01-01 00:00:00.000001' AS naive, TIMESTAMPTZ '2020-01-01 00:00:00+02' AS zoned,
  TIMESTAMP_MS '2020-01-01' AS coarse`);

it('Parquet says UTC of every moment, and of no other time', async () => {
  const { make, query, files } = await openShop();
  await query(`CREATE TABLE times AS ${TIMES}`);
  const { result } = await make({ ...table('times'), withTimestamps: true });
  const path = join(files, result!.output.location);
  const types = await query(`SELECT column_name AS name, column_type AS type FROM (DESCRIBE FROM '${path}')`);
  const typeOf = Object.fromEntries(types.map(({ name, type }) => [String(name), String(type)]));
  expect(typeOf).toMatchObject({
    at_time: 'TIMESTAMP WITH TIME ZONE',
    orders_7d__timestamp: 'TIMESTAMP WITH TIME ZONE',
    born: 'TIMESTAMP WITH TIME ZONE',
    zoned: 'TIMESTAMP WITH TIME ZONE',
    naive: 'TIMESTAMP',
    coarse: 'TIMESTAMP',
  });
  const schema = await query(`SELECT name, logical_type AS type FROM parquet_schema('${path}')`);
  const utc = schema.filter(({ type }) => String(type).includes('isAdjustedToUTC=1')).map(({ name }) => name);
  expect(utc).toEqual(expect.arrayContaining(['at_time', 'zoned', 'born', 'orders_7d__timestamp']));
  expect(utc).not.toContain('naive');
  const [row] = await query(
    `SELECT epoch_us(at_time) AS at, epoch_us(born) AS born, naive::VARCHAR AS naive FROM '${path}'`,
  );
  expect(row).toMatchObject({ at: 1_000_000_049_000_000n, naive: '2020-01-01 00:00:00.000001' });
  expect(result!.validation).toMatchObject({ leakedRows: 0n, changedRows: 0n, verifiedRows: 1n });
});

it.each(['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMPTZ'])(
  'a label time that is %s is written as a moment',
  async (type) => {
    const { make, query, files } = await openShop();
    await query(`CREATE TABLE typed AS SELECT 'ann' AS who, ${type} '2001-09-09 01:47:29' AS at_time`);
    const parquet = await make(table('typed'));
    const csv = await make(table('typed'), { output: { format: 'CSV', location: null } });
    expect(csv.error).toBeNull();
    const [row] = await query(
      `SELECT typeof(at_time) AS type, epoch_us(at_time) AS at FROM '${join(files, parquet.result!.output.location)}'`,
    );
    expect(row).toEqual({ type: 'TIMESTAMP WITH TIME ZONE', at: 1_000_000_049_000_000n });
    expect(readFileSync(join(files, csv.result!.output.location), 'utf8')).toContain('2001-09-09T01:47:29.000000Z');
  },
);

it('CSV gives a moment its Z, and a time without a zone none', async () => {
  const { make, query, files } = await openShop();
  await query(`CREATE TABLE times AS ${TIMES}`);
  const { result } = await make(table('times'), { output: { format: 'CSV', location: null } });
  const [, line] = readFileSync(join(files, result!.output.location), 'utf8').split('\n');
  expect(line).toMatch(
    /^ann,2001-09-09T01:47:29\.000000Z,2020-01-01 00:00:00\.000001,2019-12-31T22:00:00\.000000Z,2020-01-01 00:00:00,/,
  );
});

it('labels with more columns than a join can plan are refused before it is planned', async () => {
  const { make, query } = await openShop();
  const names = Array.from({ length: 1_000 }, (_, index) => `c${index}`);
  await query(
    `CREATE TABLE too_wide AS SELECT 'ann' AS who, TIMESTAMP '2001-09-09 01:47:29' AS at_time, ${names.map((name) => `1 AS ${name}`).join(', ')}`,
  );
  const refusal = async (labels: TrainingSetRequest['labels']): Promise<string> => {
    try {
      return (await make({ ...REQUEST, joins: [CUSTOMER], labels })).error?.message ?? 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(await refusal({ kind: 'TABLE', table: 'too_wide', timeColumn: 'at_time' })).toMatch(
    /have 1002 columns, and at most 1000/,
  );
  // Each row has a column of its own.
  const rows = names.slice(0, 199).map((name) => ({ who: 'ann', at_time: '2001-09-09T01:47:29Z', [name]: 1 }));
  expect(await refusal({ kind: 'INLINE', rows, timeColumn: 'at_time' })).toMatch(/have 201 columns, and at most 200/);
  expect(await refusal({ kind: 'INLINE', rows: rows.slice(1), timeColumn: 'at_time' })).toBe('taken');
});

it('a training set with more joins than a query can plan is refused', async () => {
  const gateway = await startTestGateway(SHOP);
  try {
    const join = { entityType: 'customer', entityIdColumns: ['who'], features: ['city'] };
    const joins = Array.from({ length: 51 }, (_, index) => ({ ...join, prefix: `p${index}_` }));
    const labels = { source: { rows: [{ who: 'ann', timestamp: '2001-09-09T01:47:29Z' }] }, entityIdColumns: ['who'] };
    const input = { featurestore: 'shop', entityType: 'customer', features: ['city'], labels };
    const query = 'query ($input: TrainingSetInput!) { trainingSetPreview(input: $input) { columns } }';
    const { errors } = await gateway.ask(query, { input: { ...input, joins } });
    expect(errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.joins' });
    const fewer = await gateway.ask(query, { input: { ...input, joins: joins.slice(1) } });
    expect(fewer.errors?.[0]?.extensions.field).not.toBe('input.joins');
  } finally {
    await gateway.close();
  }
});
