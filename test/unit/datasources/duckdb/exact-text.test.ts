import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  exactTextSql,
  fromExactTextSql,
  hasExactText,
  jsonObjectSql,
} from '../../../../datasources/duckdb/exact-text.js';
import { quoteIdentifier } from '../../../../datasources/duckdb/sql-text.js';

/** SQL of values of each type that lose something where they are read as another type. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  BOOLEAN: ['true', 'false'],
  BIGINT: ['9223372036854775807', '-9223372036854775808', '9007199254740993'],
  UBIGINT: ['18446744073709551615'],
  HUGEINT: [`'-170141183460469231731687303715884105728'`],
  DOUBLE: ['0.1', `'nan'`, `'-inf'`, `'-0.0'`, '1e-320', '1.7976931348623157e308'],
  FLOAT: ['0.1', `'inf'`],
  'DECIMAL(38,0)': [`'99999999999999999999999999999999999999'`],
  'DECIMAL(5,2)': ['1.50', '0'],
  VARCHAR: [`''`, `'1E5'`, `'00501'`, `'"x" \\ ✈' || chr(10) || chr(0)`, `'null'`],
  JSON: [`'{"a":[1E5, 1.50]}'`, `'null'`, `'"text"'`],
  BLOB: [`'\\x00\\xFF'::BLOB`, `''::BLOB`],
  UUID: [`'7aabf6bb-626a-41fa-93aa-a0552449f131'`],
  DATE: [`'2024-01-05'`, `'infinity'`, `'0044-03-15 (BC)'`],
  TIME: [`'10:11:12.000001'`],
  TIMESTAMP: [`'2024-01-05 10:00:00.123456'`, `'infinity'`],
  TIMESTAMP_NS: [`'2024-01-05 10:00:00.123456789'`],
  'TIMESTAMP WITH TIME ZONE': [`'2024-01-05 10:00:00.5+02'`],
  INTERVAL: [`'1 year 2 days 00:00:00.000001'`],
  BIT: [`'0101'`],
  [`ENUM('a', 'it''s')`]: [`'it''s'`],
};

interface Typed {
  readonly type: string;
  readonly value: string;
}

const scalar: fc.Arbitrary<Typed> = fc
  .constantFrom(...Object.keys(VALUES))
  .chain((type) =>
    fc.constantFrom('NULL', ...VALUES[type]!).map((value) => ({ type, value: `CAST(${value} AS ${type})` })),
  );

const name = fc.constantFrom('a', 'b c', 'x"y', 'INTEGER', 'ü, (');

/** A scalar in up to three levels of lists, arrays, structs and maps. */
const typed = fc.letrec<{ any: Typed }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    scalar,
    fc.tuple(tie('any'), fc.constantFrom('', '2'), fc.boolean()).map(([{ type, value }, size, isNull]) => ({
      type: `${type}[${size}]`,
      value: isNull ? `CAST(NULL AS ${type}[${size}])` : `CAST([${value}, NULL] AS ${type}[${size}])`,
    })),
    fc.tuple(tie('any'), tie('any'), fc.uniqueArray(name, { minLength: 2, maxLength: 2 })).map(([one, two, names]) => ({
      type: `STRUCT(${quoteIdentifier(names[0]!)} ${one.type}, ${quoteIdentifier(names[1]!)} ${two.type})`,
      value: `struct_pack(${quoteIdentifier(names[0]!)} := ${one.value}, ${quoteIdentifier(names[1]!)} := ${two.value})`,
    })),
    fc.tuple(tie('any'), fc.constantFrom(`'a"b'`, '5')).map(([{ type, value }, key]) => ({
      type: `MAP(${key === '5' ? 'INTEGER' : 'VARCHAR'}, ${type})`,
      value: `map([${key}], [${value}])`,
    })),
  ),
})).any;

describe('the exact text of a value', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
    await connection.run(`SET TimeZone = 'UTC'`);
  });
  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  it('gives the value again, of every type', async () => {
    await fc.assert(
      fc.asyncProperty(typed, async ({ value }) => {
        const [described] = (await connection.runAndReadAll(`SELECT typeof(${value})`)).getRows();
        const type = String(described![0]);
        expect(hasExactText(type)).toBe(true);
        const result = await connection.runAndReadAll(
          `SELECT back IS NOT DISTINCT FROM x AND CAST(back AS VARCHAR) IS NOT DISTINCT FROM CAST(x AS VARCHAR), typeof(t), (x IS NULL) = (t IS NULL)
FROM (SELECT x, t, CAST(${fromExactTextSql('t', type)} AS ${type}) AS back FROM (SELECT x, ${exactTextSql('x', type)} AS t FROM (SELECT ${value} AS x)))`,
        );
        expect(result.getRows()).toEqual([[true, 'VARCHAR', true]]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['UNION(a INTEGER, b VARCHAR)', 'GEOMETRY', 'STRUCT(INTEGER, INTEGER)', 'UNION(a INTEGER)[]'])(
    'is none for %s',
    (type) => expect(hasExactText(type)).toBe(false),
  );

  it('inside of an object for models is the number of JSON only if a double has its digits', async () => {
    const decimals = fc
      .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.nat(37), fc.nat(38))
      .map(([digits, cut, scale]) => ({ unscaled: digits / 10n ** BigInt(cut), scale }));
    await fc.assert(
      fc.asyncProperty(decimals, async ({ unscaled, scale }) => {
        const digits = String(unscaled)
          .replace('-', '')
          .padStart(scale + 1, '0');
        const whole = digits.slice(0, digits.length - scale);
        const fraction = digits.slice(digits.length - scale);
        const text = `${unscaled < 0n ? '-' : ''}${whole}${scale > 0 ? `.${fraction}` : ''}`;
        const type = `STRUCT(d DECIMAL(38,${scale}))`;
        const result = await connection.runAndReadAll(
          `SELECT ${jsonObjectSql('x', type)} FROM (SELECT CAST({d: '${text}'} AS ${type}) AS x)`,
        );
        const json = String(result.getRows()[0]![0]);
        const { d } = JSON.parse(json) as { readonly d: number | string };
        // Either every digit as a text, or a number that JavaScript writes with the same digits.
        const [written = '', exponent = '0'] = String(d).split('e');
        const [front = '', back = ''] = written.replace('-', '').split('.');
        const shift = BigInt(scale) + BigInt(exponent) - BigInt(back.length);
        const magnitude = BigInt(front + back);
        const again = shift >= 0n ? magnitude * 10n ** shift : magnitude / 10n ** -shift;
        expect(written.startsWith('-') ? -again : again).toBe(unscaled);
        if (digits.replace(/^0+/, '').length <= 15) expect(typeof d).toBe('number');
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['9223372036854775807', '[9223372036854775807]'],
    ['-9223372036854775808', '[-9223372036854775808]'],
    ['9223372036854775808', '["9223372036854775808"]'],
    ['170141183460469231731687303715884105727', '["170141183460469231731687303715884105727"]'],
  ])('inside of an object for models is a text beyond 64 bits: %s', async (digits, json) => {
    const sql = jsonObjectSql('x', 'STRUCT(a HUGEINT[])');
    const result = await connection.runAndReadAll(`SELECT ${sql} FROM (SELECT {a: ['${digits}'::HUGEINT]} AS x)`);
    expect(result.getRows()).toEqual([[`{"a":${json}}`]]);
  });

  it('is JSON of objects, numbers and texts', async () => {
    const value = `{'n': [9223372036854775807], 'd': 1.50, 'm': MAP {'k': DATE '2024-01-05'}}`;
    const type = 'STRUCT(n BIGINT[], d DECIMAL(3,2), m MAP(VARCHAR, DATE))';
    const result = await connection.runAndReadAll(`SELECT ${exactTextSql('x', type)} FROM (SELECT ${value} AS x)`);
    expect(result.getRows()).toEqual([['{"n":[9223372036854775807],"d":"1.50","m":{"k":"2024-01-05"}}']]);
  });
});
