import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileOptions } from '../../../../datasources/files/file-options.js';
import { FileReader } from '../../../../datasources/files/file-reader.js';
import { readParquetFiles } from '../../../../datasources/files/read-parquet-files.js';
import { selectFiles } from '../../../../datasources/files/select-files.js';

const CASES = join(import.meta.dirname, '../../../cases/files');
let folder: string;
let reader: FileReader;
let connection: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-parquet-'));
  reader = await FileReader.open(join(folder, 'reading'));
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET TimeZone = 'UTC'`);
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const newFolder = (): string => mkdtempSync(join(folder, 'case-'));

async function write(path: string, sql: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
}

async function read(base: string, name: string, options: FileOptions = {}, declared = new Map<string, string>()) {
  const files = (await selectFiles(join(base, name), name, { format: 'PARQUET', within: null }))!;
  const table = await reader.use({ files }, (worker) =>
    readParquetFiles(worker, files, options, { declared, reads: 'EVERY_VALUE' }),
  );
  const rows = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM ${table.relation}`);
  return { types: Object.fromEntries(table.columns.map(({ name: of, type }) => [of, type])), rows: rows.getRows() };
}

async function readSql(sql: string, options?: FileOptions, declared?: Map<string, string>) {
  const base = newFolder();
  await write(join(base, 'f.parquet'), sql);
  return read(base, 'f.parquet', options, declared);
}

describe('times in nanoseconds', () => {
  it.each(['nanoseconds-zone-whole', 'nanoseconds-whole', 'int96-whole', 'int96-whole-zstd'])(
    'are read where nothing of them is lost: %s',
    async (name) => {
      const { rows } = await read(CASES, `${name}.parquet`);
      expect(rows.map(([, time]) => (time as string | null)?.replace('+00', ''))).toEqual([
        '2024-01-01 00:00:00.123456',
        undefined,
        '2024-01-01 00:00:00',
      ]);
    },
  );

  it.each(['nanoseconds-zone-finer', 'nanoseconds-finer', 'int96-finer', 'int96-finer-zstd'])(
    'are refused where a digit would be cut off: %s',
    async (name) => {
      await expect(read(CASES, `${name}.parquet`)).rejects.toThrow(
        /row 2 \(from 0\), column "t": 2024-01-01[T ]00:00:00.123456789Z? is finer than a microsecond.*Round such times up/,
      );
    },
  );

  it('are refused of a day, and inside of other values', async () => {
    await expect(read(CASES, 'time-of-day-finer.parquet')).rejects.toThrow(/row 0 \(from 0\), column "t".*finer/);
    await expect(read(CASES, 'nested-nanoseconds.parquet')).rejects.toThrow('inside of its column "s"');
  });
});

describe('Parquet files', () => {
  it('are one table: a folder, with what its folders are named after', async () => {
    const base = newFolder();
    await write(join(base, 't/day=2024-02-01/k=05/1.parquet'), 'SELECT 1 AS v');
    await write(join(base, 't/day=__HIVE_DEFAULT_PARTITION__/k=5/1.parquet'), 'SELECT 2 AS v');
    writeFileSync(join(base, 't/_SUCCESS'), '');
    const expected = {
      types: { v: 'INTEGER', day: 'DATE', k: 'VARCHAR' },
      rows: [
        ['1', '2024-02-01', '05'],
        ['2', null, '5'],
      ],
    };
    expect(await read(base, 't')).toEqual(expected);
    expect(await read(base, 't/*/*/1.parquet')).toEqual(expected);
    expect((await read(base, 't/day=2024-02-01/k=05/1.parquet')).types).toEqual({ v: 'INTEGER' });
  });

  it.each([
    ['city=Z%C3%BCrich', 'city', 'VARCHAR', 'Z\u00fcrich'],
    ['k=NULL', 'k', 'VARCHAR', 'NULL'],
    ['k=', 'k', 'VARCHAR', ''],
    ['k=%5F_HIVE_DEFAULT_PARTITION__', 'k', 'VARCHAR', '__HIVE_DEFAULT_PARTITION__'],
    ['a%20b=3', 'a b', 'BIGINT', '3'],
    ['v=x%2Fy%3Dz', 'v', 'VARCHAR', 'x/y=z'],
    ['n=12345678901234567890', 'n', 'VARCHAR', '12345678901234567890'],
    ['zip=00501', 'zip', 'VARCHAR', '00501'],
    ['day=2024-02-30', 'day', 'VARCHAR', '2024-02-30'],
  ])('have the text that a folder says: %s', async (name, column, type, value) => {
    const base = newFolder();
    await write(join(base, 't', name, '1.parquet'), 'SELECT 1 AS x');
    expect(await read(base, 't')).toEqual({ types: { x: 'INTEGER', [column]: type }, rows: [['1', value]] });
  });

  it('keep a column that a folder says too, in any case, by refusing it', async () => {
    const base = newFolder();
    await write(join(base, 't/X=7/1.parquet'), 'SELECT 1 AS x');
    await expect(read(base, 't')).rejects.toThrow('"t/X=7/1.parquet": it has the column "x", and its path says it too');
    await write(join(base, 'u/k=1/1.parquet'), 'SELECT 1 AS file_index');
    await expect(read(base, 'u')).rejects.toThrow('"file_index" cannot be read beside columns of its path');
  });

  it.each([
    [`TIMESTAMP 'infinity'`, 'Europe/Zurich'],
    [`TIMESTAMP '12024-01-01'`, 'Europe/Zurich'],
    [`TIMESTAMPTZ '-infinity'`, 'UTC'],
    [`DATE 'infinity'`, 'Europe/Zurich'],
    [`DATE '9999-12-31'`, 'UTC'],
  ])('have no moments outside the years of ISO 8601: %s', async (value, timeZone) => {
    const options = { timeZone, dateAsMoment: 'END_OF_DAY' } as const;
    await expect(readSql(`SELECT ${value} AS t`, options, new Map([['t', 'TIMESTAMP']]))).rejects.toThrow(
      'row 0 (from 0), column "t"',
    );
  });

  it('have decimals of up to 38 digits', async () => {
    expect(await read(CASES, 'decimal-of-38-digits.parquet')).toEqual({
      types: { d: 'DECIMAL(38,2)' },
      rows: [['1111111111111111111111111111111111.25'], [null]],
    });
    const refused = 'the column "d" is a DECIMAL of 60 digits, and at most 38 are read';
    await expect(read(CASES, 'decimal-of-60-digits.parquet')).rejects.toThrow(refused);
    await expect(read(CASES, 'nested-decimal-of-60-digits.parquet')).rejects.toThrow('of 60 digits');
  });

  it.each([
    ['9007199254740991::DOUBLE', '9007199254740991'],
    ['-9007199254740991::DOUBLE', '-9007199254740991'],
    ['9007199254740992::DOUBLE', null],
    ['-9007199254740992::DOUBLE', null],
    ['1e18::DOUBLE', null],
    ['16777215::FLOAT', '16777215'],
    ['16777216::FLOAT', null],
    ['36.5::DOUBLE', null],
    ['9007199254740993::DECIMAL(20,0)', '9007199254740993'],
    ['9007199254740993::UBIGINT', '9007199254740993'],
  ])('have whole numbers that no other whole number shares: %s', async (value, expected) => {
    const sql = `SELECT ${value} AS v`;
    const reading = readSql(sql, {}, new Map([['v', 'BIGINT']]));
    if (expected === null) await expect(reading).rejects.toThrow('row 0 (from 0), column "v"');
    else expect((await reading).rows).toEqual([[expected]]);
  });

  it('have the same columns, in any order', async () => {
    const base = newFolder();
    await write(join(base, 't/1.parquet'), `SELECT 1 AS a, 'x' AS b`);
    await write(join(base, 't/2.parquet'), `SELECT 'y' AS b, 2 AS a`);
    expect((await read(base, 't')).rows).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
    await write(join(base, 't/3.parquet'), `SELECT 2.5::DOUBLE AS a, 'z' AS b`);
    await expect(read(base, 't')).rejects.toThrow('"t/3.parquet": its column "a" is DOUBLE, that of "t/1.parquet" is');
    await write(join(base, 't/3.parquet'), `SELECT 2 AS a`);
    await expect(read(base, 't')).rejects.toThrow('"t/3.parquet": it has no column "b"');
    await write(join(base, 't/3.parquet'), `SELECT 2 AS a, 'x' AS b, 1 AS c`);
    await expect(read(base, 't')).rejects.toThrow('"t/3.parquet": it has a column "c"');
  });

  it('keep the types that they have', async () => {
    const { types } = await readSql(
      `SELECT 1::UTINYINT AS a, 1::DECIMAL(38,0) AS b, uuid() AS c, DATE '2024-01-01' AS d, TIME '12:00' AS e,
        [1] AS f, {'x': 1} AS g, MAP {'k': 1} AS h, 'x'::BLOB AS i, now() AS j, now()::TIMESTAMP AS k`,
    );
    expect(Object.values(types)).toEqual([
      ...['UTINYINT', 'DECIMAL(38,0)', 'UUID', 'DATE', 'TIME', 'INTEGER[]', 'STRUCT(x INTEGER)'],
      ...['MAP(VARCHAR, INTEGER)', 'BLOB', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP'],
    ]);
  });

  it('hold bytes that may be said to be text', async () => {
    const text = new Map([['b', 'VARCHAR']]);
    expect(await readSql(`SELECT 'caf\u00e9'::BLOB AS b`.replace('\u00e9', '\\xC3\\xA9'), {}, text)).toEqual({
      types: { b: 'VARCHAR' },
      rows: [['caf\u00e9']],
    });
    await expect(readSql(`SELECT '\\xFF'::BLOB AS b`, {}, text)).rejects.toThrow('row 0 (from 0), column "b"');
    await expect(readSql('SELECT 1 AS a', {}, text)).rejects.toThrow('it has no column "b". It has: a.');
  });

  it('hold times of a zone that is said of them', async () => {
    const sql = `SELECT TIMESTAMP '2024-07-05 18:00:00' AS t, TIMESTAMPTZ '2024-07-05 18:00:00Z' AS z`;
    expect((await readSql(sql, { timeZone: 'Europe/Zurich' })).rows).toEqual([
      ['2024-07-05 16:00:00', '2024-07-05 18:00:00+00'],
    ]);
    const twice = `SELECT TIMESTAMP '2024-10-27 02:30:00' AS t`;
    await expect(readSql(twice, { timeZone: 'Europe/Zurich' })).rejects.toThrow(/column "t".*twice/);
  });

  it.each<[string, (path: string) => Promise<void> | void, string]>([
    ['nothing', (path) => writeFileSync(path, ''), '"f.parquet": it is empty.'],
    ['text', (path) => writeFileSync(path, 'a,b\n1,2\n'), 'it is not a Parquet file: it does not begin with PAR1'],
    [
      'half a file',
      async (path) => {
        await write(path, 'SELECT 1 AS a');
        truncateSync(path, 100);
      },
      'the Parquet file is incomplete: its end',
    ],
    ['no description', (path) => writeFileSync(path, `PAR1${'\0'.repeat(40)}PAR1`), 'it cannot be read as PARQUET'],
    [
      'names that differ in case',
      (path) => copyFileSync(join(CASES, 'names.parquet'), path),
      'two of its columns are called "A"',
    ],
    [
      'too many columns',
      (path) => write(path, `SELECT ${Array.from({ length: 2001 }, (_, i) => `${i} AS c${i}`).join(', ')}`),
      'it has more than 2000 columns',
    ],
  ])('with %s are refused in one sentence', async (_what, make, message) => {
    const base = newFolder();
    await make(join(base, 'f.parquet'));
    await expect(read(base, 'f.parquet')).rejects.toThrow(message);
  });

  it('whose values are broken are refused, and not where they are served', async () => {
    const base = newFolder();
    const path = join(base, 'f.parquet');
    await write(path, `SELECT i AS a, 'text ' || i AS b FROM range(100000) AS t(i)`);
    const { open } = await import('node:fs/promises');
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(2000, 0xff), 0, 2000, 5000);
    await file.close();
    await expect(read(base, 'f.parquet')).rejects.toThrow('"f.parquet": it cannot be read as PARQUET');
  });
});

describe('a column of which the file says that it has only nulls, as pyarrow writes it', () => {
  // pa.table({'v': pa.nulls(2), 'i': pa.array([None, None], pa.int32()), ...}): both are INT32 in the file.
  it.each(['VARCHAR', 'DOUBLE', 'BOOLEAN', 'BLOB', 'TIMESTAMP', 'JSON_OBJECT', 'VARCHAR[]', 'BIGINT[]'])(
    'is null as %s',
    async (type) => {
      const { types, rows } = await read(CASES, 'only-nulls.parquet', {}, new Map([['v', type]]));
      expect(types).toMatchObject({ v: type === 'JSON_OBJECT' ? 'VARCHAR' : type });
      expect(rows.map((row) => row[2])).toEqual([null, null]);
    },
  );

  it('is not one of whole numbers that are all null', async () => {
    await expect(read(CASES, 'only-nulls.parquet', {}, new Map([['i', 'VARCHAR']]))).rejects.toThrow(
      'its column "i" is INTEGER, not VARCHAR',
    );
  });
});
