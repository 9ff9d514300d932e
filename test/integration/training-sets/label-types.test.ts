import { expect, it } from 'vitest';
import { CUSTOMER, openShop, REQUEST } from '../../support/shop-history.js';

/** Label columns that a format can keep: a job must not take what comes back for another value. */
const KEPT: readonly (readonly [type: string, value: string])[] = [
  ['BOOLEAN', 'true'],
  ['FLOAT', '0.1'],
  ['DOUBLE', `'-0.0'`],
  ['DOUBLE', `'nan'`],
  ['DECIMAL(38,2)', `'123456789012345678901234567890123456.78'`],
  ['VARCHAR', `''`],
  ['VARCHAR', `E'a,"b"\\nc'`],
  ['BLOB', `'\\x00\\xFF'`],
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
    const columns = KEPT.map(([type, value], index) => `CAST(${value} AS ${type}) AS c${index}`);
    const nulls = KEPT.map(([type], index) => `CAST(NULL AS ${type}) AS c${index}`);
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

it('fails a job whose format cannot keep a label, and says what to do', async () => {
  const { make, query } = await openShop();
  await query(
    `CREATE TABLE accounts AS SELECT 'ann' AS who, TIMESTAMP '2001-09-09 01:47:29' AS at_time, 12345678901234567891::HUGEINT AS account`,
  );
  const { state, error } = await make({
    ...REQUEST,
    joins: [CUSTOMER],
    labels: { kind: 'TABLE', table: 'accounts', timeColumn: 'at_time' },
  });
  expect(state).toBe('FAILED');
  expect(error).toMatchObject({ code: 'OUTPUT_INVALID', message: expect.stringContaining('label 0 (counted from 0)') });
});
