import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileReader } from '../../../../datasources/files/file-reader.js';
import type { FileOptions } from '../../../../datasources/files/file-options.js';
import { namedColumnsSql, readTextFiles, type ReadTextOptions } from '../../../../datasources/files/read-text-files.js';
import { selectFiles } from '../../../../datasources/files/select-files.js';

let folder: string;
let reader: FileReader;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-read-'));
  reader = await FileReader.open(join(folder, 'reading'));
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Read extends Partial<ReadTextOptions> {
  readonly options?: FileOptions;
}

/** Writes files, reads the one that is named (or all of the folder), and gives types and rows by column. */
async function read(name: string, files: Readonly<Record<string, string | Uint8Array>>, asked: Read = {}) {
  const { options = {}, declared = new Map<string, string>(), others = 'EXACT', keepsBadRows = false } = asked;
  const base = mkdtempSync(join(folder, 'case-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), content);
  }
  const format = /jsonl|ndjson/.test(Object.keys(files)[0]!) ? 'JSONL' : 'CSV';
  const selected = (await selectFiles(join(base, name), name, { format, within: null }))!;
  return reader.use({ files: selected }, async (worker, into) => {
    const request = { declared, others, keepsBadRows, folder: into };
    const table = await readTextFiles(worker, { files: selected, format, options }, request);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(`SET TimeZone = 'UTC'`);
    const rows = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM ${namedColumnsSql(table)}`);
    return {
      types: Object.fromEntries(table.columns.map((column) => [column.name, column.type])),
      rows: rows.getRows(),
      table,
    };
  });
}

const csv = async (content: string | Uint8Array, asked?: Read) => read('f.csv', { 'f.csv': content }, asked);
const jsonl = async (content: string, asked?: Read) => read('f.jsonl', { 'f.jsonl': content }, asked);

describe('a CSV file', () => {
  it('is read field by field: quotes, line breaks, blank lines, empty texts and nulls', async () => {
    const { rows } = await csv('\uFEFFa,"b ""c""",d\r\n1,"x\r\ny",""\r\n\r\n2,5" disk,\r\n"3","a,b", \n');
    expect(rows).toEqual([
      ['1', 'x\r\ny', ''],
      ['2', '5" disk', null],
      ['3', 'a,b', ' '],
    ]);
  });

  it.each<[string, string, string]>([
    ['true', 'false', 'BOOLEAN'],
    ['0', '-9223372036854775808', 'BIGINT'],
    ['1.5', '-0.25', 'DOUBLE'],
    ['1.50', '12.25', 'DECIMAL(4,2)'],
    ['2024-01-05', '1999-12-31', 'DATE'],
    ['00501', '12345', 'VARCHAR'],
    ['1E5', '2E7', 'VARCHAR'],
    ['12345678901234567890', '98765432109876543210', 'VARCHAR'],
    ['01/02/2024', '03/04/2024', 'VARCHAR'],
    ['1', '1.5', 'VARCHAR'],
    ['+5', '6', 'VARCHAR'],
    [' 5', '6', 'VARCHAR'],
    ['-0', '1', 'VARCHAR'],
    ['-0.00', '1.50', 'VARCHAR'],
    ['True', 'False', 'VARCHAR'],
    ['nan', 'nan', 'VARCHAR'],
    ['2024-01-05T18:00:00Z', '2024-01-05T18:00:00Z', 'VARCHAR'],
  ])('has columns that come out as they went in: %s, %s', async (one, two, type) => {
    const { types, rows } = await csv(`c\n${one}\n${two}\n`);
    expect(types).toEqual({ c: type });
    expect(rows).toEqual([[one], [two]]);
  });

  it.each<[string, string, FileOptions, string, readonly string[]]>([
    ['1', '1.50', {}, 'DOUBLE', ['1.0', '1.5']],
    [' 5', '6 ', {}, 'BIGINT', ['5', '6']],
    ['1,5', '2', { decimal: ',', delimiter: ';' }, 'DOUBLE', ['1.5', '2.0']],
    ['True', 'false', {}, 'BOOLEAN', ['true', 'false']],
    ['NaN', '1', {}, 'DOUBLE', ['nan', '1.0']],
    ['nan', 'nan', {}, 'VARCHAR', ['nan', 'nan']],
    ['1e-07', '0.5', {}, 'DOUBLE', ['1e-07', '0.5']],
    ['1E5', '2E7', {}, 'VARCHAR', ['1E5', '2E7']],
    [`0.${'0'.repeat(400)}1`, '1.5', {}, 'VARCHAR', [`0.${'0'.repeat(400)}1`, '1.5']],
    ['0.10000000000000001', '1.5', {}, 'DOUBLE', ['0.1', '1.5']],
    ['0.12345678901234567', '1.5', {}, 'VARCHAR', ['0.12345678901234567', '1.5']],
    ['0000-01-01', '2024-01-01', {}, 'VARCHAR', ['0000-01-01', '2024-01-01']],
    ['00501', '5', {}, 'VARCHAR', ['00501', '5']],
    ['0.1234567890123456789', '1', {}, 'VARCHAR', ['0.1234567890123456789', '1']],
    [
      '2024-01-05T18:00Z',
      '2024-01-05 19:00:00+01:00',
      {},
      'TIMESTAMP WITH TIME ZONE',
      ['2024-01-05 18:00:00+00', '2024-01-05 18:00:00+00'],
    ],
    ['2024-01-05', '2024-01-06', {}, 'DATE', ['2024-01-05', '2024-01-06']],
    ['2024-01-05', '2024-01-05T18:00:00Z', {}, 'VARCHAR', ['2024-01-05', '2024-01-05T18:00:00Z']],
    ['2024-01-05 18:00:00', '2024-01-05 18:00:00', {}, 'VARCHAR', ['2024-01-05 18:00:00', '2024-01-05 18:00:00']],
    [
      '2024-01-05 18:00:00',
      '2024-07-05 18:00:00',
      { timeZone: 'Europe/Zurich' },
      'TIMESTAMP WITH TIME ZONE',
      ['2024-01-05 17:00:00+00', '2024-07-05 16:00:00+00'],
    ],
    ['05/01/2024', '06/01/2024', { dateFormat: '%d/%m/%Y' }, 'DATE', ['2024-01-05', '2024-01-06']],
    [
      '2024-01-05',
      '2024-01-06',
      { dateAsMoment: 'START_OF_DAY', timeZone: 'UTC' },
      'TIMESTAMP WITH TIME ZONE',
      ['2024-01-05 00:00:00+00', '2024-01-06 00:00:00+00'],
    ],
  ])('has values that SQL can reckon with: %s, %s with %j', async (one, two, options, type, expected) => {
    const { types, rows } = await csv(`c\n${one}\n${two}\n`, { others: 'BY_VALUE', options });
    expect(types).toEqual({ c: type });
    expect(rows).toEqual(expected.map((value) => [value]));
  });

  it('has the type that all its values have, however late one comes', async () => {
    const late = (value: string) => `c\n${Array.from({ length: 21_000 }, (_, row) => row).join('\n')}\n${value}\n`;
    expect((await csv(late('1.5'), { others: 'BY_VALUE' })).types).toEqual({ c: 'DOUBLE' });
    const { types } = await csv(late('x'), { others: 'BY_VALUE' });
    expect(types).toEqual({ c: 'VARCHAR' });
  });

  it('without a value in a column has none of any type', async () => {
    expect(await csv('a,b\n1,\n2,\n', { others: 'BY_VALUE' })).toMatchObject({
      types: { a: 'BIGINT', b: 'NULL' },
      rows: [
        ['1', null],
        ['2', null],
      ],
    });
    expect(await csv('a,b\n', { others: 'BY_VALUE' })).toMatchObject({ rows: [] });
  });

  it.each<[string, FileOptions, string, unknown]>([
    ['a semicolon', { delimiter: ';' }, 'a;b\n1,5;"x;y"\n', [['1,5', 'x;y']]],
    ['a tab', { delimiter: '\t' }, 'a\tb\n1\tx,y\n', [['1', 'x,y']]],
    ['a pipe', { delimiter: '|' }, 'a|b\n1|2\n', [['1', '2']]],
    [
      'no header',
      { header: false },
      '1,x\n2,y\n',
      [
        ['1', 'x'],
        ['2', 'y'],
      ],
    ],
    [
      'a text for null',
      { nullText: 'NA' },
      'a,b\nNA,"NA"\n,x\n',
      [
        [null, 'NA'],
        [null, 'x'],
      ],
    ],
    ['a backslash for null', { nullText: '\\N' }, 'a,b\n\\N,1\n', [[null, '1']]],
  ])('may have %s', async (_what, options, content, expected) => {
    expect((await csv(content, { options })).rows).toEqual(expected);
  });

  it('without a header has numbered columns', async () => {
    expect(Object.keys((await csv('1,x\n', { options: { header: false } })).types)).toEqual(['column1', 'column2']);
  });

  it.each(['ISO-8859-1', 'windows-1252'])('may be %s', async (encoding) => {
    const bytes = Buffer.from('n\u00e4me\ncaf\u00e9\n', 'latin1');
    expect(await csv(bytes, { options: { encoding } })).toMatchObject({
      types: { 'n\u00e4me': 'VARCHAR' },
      rows: [['caf\u00e9']],
    });
  });

  it('may be UTF-16', async () => {
    const bytes = Buffer.from('\uFEFFname\ncaf\u00e9 \u{1F600}\n', 'utf16le');
    expect((await csv(bytes, { options: { encoding: 'UTF-16LE' } })).rows).toEqual([['caf\u00e9 \u{1F600}']]);
  });

  it.each([
    ['f.csv.gz', gzipSync('a\n1\n'), {}],
    ['f.csv.zst', zstdCompressSync('a\n1\n'), {}],
    ['joined.csv.zst', Buffer.concat([zstdCompressSync('a\n'), zstdCompressSync('1\n')]), {}],
    ['joined.csv.gz', Buffer.concat([gzipSync('a\n1'), gzipSync('\n2\n')]), {}],
    ['f.csv', gzipSync('a\n1\n'), { compression: 'GZIP' }],
    ['plain.csv.gz', 'a\n1\n', { compression: 'NONE' }],
    ['f.tsv', 'a\tb\n1\t2\n', {}],
    ['f.tsv.gz', gzipSync('a\tb\n1\t2\n'), {}],
  ] as const)('may be called %s', async (name, content, options) => {
    expect((await read(name, { [name]: content }, { options })).rows[0]![0]).toBe('1');
  });

  it('reads what is declared by the type, and names what does not fit', async () => {
    const declared = new Map([
      ['a', 'BIGINT'],
      ['T', 'TIMESTAMPTZ'],
      ['h', 'HUGEINT'],
    ]);
    const { types, rows } = await csv('a,t,h\n05,2024-01-05T18:00Z,170141183460469231731687303715884105727\n', {
      declared,
    });
    expect(types).toEqual({ a: 'BIGINT', t: 'TIMESTAMP WITH TIME ZONE', h: 'HUGEINT' });
    expect(rows).toEqual([['5', '2024-01-05 18:00:00+00', '170141183460469231731687303715884105727']]);
    await expect(
      csv('a,t,h\n1,"x\ny",\n2,2024-01-05,\n', {
        declared: new Map([
          ['a', 'BIGINT'],
          ['t', 'TIMESTAMP'],
        ]),
      }),
    ).rejects.toThrow(/^"f.csv", line 2: column "t": "x\\ny" is not a moment/);
    await expect(csv('a\n1\n', { declared: new Map([['b', 'BIGINT']]) })).rejects.toThrow(
      'it has no column "b". It has: a.',
    );
    await expect(csv('a\n1\n', { declared: new Map([['a', 'TEXTT']]) })).rejects.toThrow(/TEXTT.*not a type/);
  });

  it.each<[string, string | Uint8Array, Read, string]>([
    ['nothing', '', {}, '"f.csv": it is empty.'],
    ['blank lines', '\n\n', {}, '"f.csv": it is empty.'],
    ['a short line', `a,b,c\n1,2,3\n\n4,5\n`, {}, '"f.csv", line 4: it has 2 fields, the header has 3.'],
    ['a long line', 'a,b\n1,2\n3,4,5\n', {}, '"f.csv", line 3: it has 3 fields, the header has 2.'],
    ['a long line where bad rows are kept', 'a,b\n1,2\n3,4,5\n', { keepsBadRows: true }, 'line 3: it has 3 fields'],
    [
      'a line after a quoted line break',
      'a,b\n"x\ny",2\n3\n',
      {},
      '"f.csv", line 4: it has 1 field, the header has 2.',
    ],
    [
      'an open quote',
      'a,b\n1,2\n3,"4\n5,6\n',
      {},
      '"f.csv", line 3: a double quote opens a field and nothing closes it.',
    ],
    ['text after a quote', 'a,b\n1,"2" x\n', {}, '"f.csv", line 2: text follows the quote'],
    ['two columns of one name', 'a,b,A\n1,2,3\n', {}, '"f.csv", line 1: the columns 1 and 3 are both called "A".'],
    ['a column without a name', 'a,,c\n1,2,3\n', {}, '"f.csv", line 1: column 2 has no name.'],
    [
      'a byte that is no UTF-8',
      Buffer.from('a\nx\ncaf\u00e9\n', 'latin1'),
      {},
      '"f.csv", line 3: the byte 0xE9 is not valid UTF-8. Set "encoding"',
    ],
    [
      'UTF-16 with a mark',
      Buffer.from('\uFEFFa\n1\n', 'utf16le'),
      {},
      '"f.csv": it is UTF-16LE. Set "encoding" to UTF-16LE.',
    ],
    ['UTF-16 without one', Buffer.from('a\n1\n', 'utf16le'), {}, 'line 1: it has a zero byte'],
    ['gzip under another name', gzipSync('a\n1\n'), {}, '"f.csv": it is a gzip file. Set "compression" to GZIP.'],
    ['no gzip', 'a\n1\n', { options: { compression: 'GZIP' } }, '"f.csv": it is not a complete gzip file.'],
    [
      'half a gzip',
      gzipSync('a\n1\n'.repeat(1000)).subarray(0, 30),
      { options: { compression: 'GZIP' } },
      'ends in the middle of its gzip data',
    ],
    [
      'half a character of UTF-16',
      Buffer.from([0x61, 0, 0x0a, 0, 0x00, 0xd8]),
      { options: { encoding: 'utf-16le' } },
      'are not valid UTF-16LE',
    ],
    [
      'a byte of half a character',
      Buffer.concat([Buffer.from('a\n'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('\n')]),
      {},
      'line 2: the byte 0xED is not valid UTF-8',
    ],
    [
      'too many columns',
      `${Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',')}\n`,
      {},
      'line 1: it has more than 2000 columns',
    ],
  ])('is refused in one sentence: %s', async (_what, content, asked, message) => {
    await expect(csv(content, asked)).rejects.toThrow(message);
  });

  it('ends short lines in nulls where bad rows are kept, and says what does not fit', async () => {
    const { table, rows } = await csv('a,b\n1,x\nx\n', {
      keepsBadRows: true,
      others: 'TEXT',
      declared: new Map([['a', 'BIGINT']]),
    });
    expect(rows).toEqual([
      ['1', 'x'],
      [null, null],
    ]);
    expect(table.rows).toBe(2);
  });
});

describe('a file of JSON lines', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['1', '-5', 'BIGINT', ['1', '-5']],
    ['1', '2.50', 'DOUBLE', ['1.0', '2.5']],
    ['1e5', 'NaN', 'DOUBLE', ['100000.0', 'nan']],
    ['12345678901234567890', '1', 'DECIMAL(20,0)', ['12345678901234567890', '1']],
    ['0.1234567890123456789', '10', 'DECIMAL(21,19)', ['0.1234567890123456789', '10.0000000000000000000']],
    ['"00501"', '"5"', 'VARCHAR', ['00501', '5']],
    ['"2024-01-05"', '"x\\n\\u00e9"', 'VARCHAR', ['2024-01-05', 'x\n\u00e9']],
    ['true', 'false', 'BOOLEAN', ['true', 'false']],
    ['"5"', '5', 'JSON', ['"5"', '5']],
    ['{"a": 1.50}', '{}', 'JSON', ['{"a": 1.50}', '{}']],
    ['[1, 2]', '[]', 'BIGINT[]', ['[1, 2]', '[]']],
    ['[1.5, 2]', '[]', 'DOUBLE[]', ['[1.5, 2.0]', '[]']],
    ['["a"]', '["1"]', 'VARCHAR[]', ['[a]', '[1]']],
    ['[1, null]', '[1]', 'JSON', ['[1, null]', '[1]']],
    ['[12345678901234567890]', '[1]', 'JSON', ['[12345678901234567890]', '[1]']],
  ])('keeps values as they are: %s, %s', async (one, two, type, expected) => {
    const { types, rows } = await jsonl(`{"c": ${one}}\n\n{"c":${two}}\n{"c":null}\n{}\n`);
    expect(types).toEqual({ c: type });
    expect(rows).toEqual([...expected.map((value) => [value]), [null], [null]]);
  });

  it('has times and structures that SQL can reckon with', async () => {
    const line = '{"t":"2024-01-05T18:00:00Z","d":"2024-01-05","s":{"a":1,"b":["x"]},"l":[{"a":1}]}';
    const { types } = await jsonl(`${line}\n{"s":{"c":1.5}}\n`, { others: 'BY_VALUE' });
    expect(types).toEqual({
      t: 'TIMESTAMP WITH TIME ZONE',
      d: 'DATE',
      s: 'STRUCT(a UBIGINT, b VARCHAR[], c DOUBLE)',
      l: 'STRUCT(a UBIGINT)[]',
    });
  });

  it.each([
    ['keys that differ only in case', '{"a":1,"A":2}'],
    ['keys that differ only in case in two lines', '{"a":1}', '{"A":2}'],
    ['an empty key', '{"":1}'],
    ['numbers and texts', '{"a":1}', '{"a":"1"}'],
    ['numbers and booleans', '{"a":1}', '{"a":true}'],
    ['a number that becomes zero', '{"a":1e-400}'],
    ['a number that becomes infinite', '{"a":[1e400]}'],
    ['a long fraction', '{"a":0.1234567890123456789}'],
    ['whole numbers beyond 2^53 and fractions', '{"a":9007199254740993}', '{"a":1.5}'],
    ['a list with a number that becomes zero', '[1e-400, 1]', '[1.5]'],
  ])('keeps the text of objects that no STRUCT holds: %s', async (_what, ...values) => {
    const lines = values.map((value) => `{"s":${value}}\n`).join('');
    const { types, rows } = await jsonl(lines, { others: 'BY_VALUE' });
    expect(types).toEqual({ s: 'JSON' });
    expect(rows).toEqual(values.map((value) => [value]));
  });

  it('has all its columns, also those that come late', async () => {
    const { types, rows } = await jsonl('{"a":1}\n{"b":"x","a":2}\n{"c":true}\n');
    expect(types).toEqual({ a: 'BIGINT', b: 'VARCHAR', c: 'BOOLEAN' });
    expect(rows).toEqual([
      ['1', null, null],
      ['2', 'x', null],
      [null, null, 'true'],
    ]);
  });

  it.each<[string, string, string]>([
    ['nothing', '', '"f.jsonl": it is empty.'],
    ['one array', '[{"a":1}]', '"f.jsonl", line 1: the line is a list'],
    ['lists', '[1.5, 2]\n[2.5, 3]\n', '"f.jsonl", line 1: the line is a list'],
    ['a broken line', '{"a":1}\n{"a":\n', '"f.jsonl", line 2: the line ends before its object does.'],
    ['a broken value', '{"a":1}\n{"a":tru}\n', '"f.jsonl", line 2: the line is not valid JSON at byte 6.'],
    ['a number with zeros before it', '{"a":007}\n', '"f.jsonl", line 1: the line is not valid JSON at byte 6.'],
    ['a key twice', '{"a":1,"a":2}\n', '"f.jsonl", line 1: the line has the key "a" twice.'],
    [
      'a key twice in an inner object',
      '{"s":[{"a":1},{"b":{"a":1,"\\u0061":2}}]}\n',
      '"f.jsonl", line 1: the line has the key "a" twice in one object.',
    ],
    ['keys that differ in case', '{"a":1,"A":2}\n', 'they differ in case alone'],
    [
      'lines that end in CR alone',
      '{"a":1}\r{"a":2}\r',
      'line 1: the line has a second object. A line has one, and ends in LF or CR LF',
    ],
    ['half a character', '{"a":"\\ud800"}\n', 'half of a surrogate pair'],
    [
      '50,000 levels',
      `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}\n`,
      '"f.jsonl", line 1: the line is nested deeper than 64 levels.',
    ],
  ])('is refused in one sentence: %s', async (_what, content, message) => {
    await expect(jsonl(content)).rejects.toThrow(message);
  });

  it('with some lines that are no objects keeps them apart where bad rows are kept', async () => {
    const { rows } = await jsonl('{"a":1}\n[1]\n{bad\n', { keepsBadRows: true, others: 'TEXT' });
    expect(rows).toEqual([['1'], [null], [null]]);
    await expect(jsonl('[1]\n[2]\n', { keepsBadRows: true })).rejects.toThrow(
      'line 1: it is a list, and no line of the file is an object',
    );
  });
});

describe('a folder', () => {
  it('is the files in it, with the columns that its folders name', async () => {
    const { types, rows } = await read('t', {
      't/day=2024-02-01/k=a%2Fb/1.csv': 'v\n1\n',
      't/day=2024-02-02/k=__HIVE_DEFAULT_PARTITION__/1.csv': 'v\n2\n',
      't/_SUCCESS': '',
      't/.hidden.csv': 'x\n',
    });
    expect(types).toEqual({ v: 'BIGINT', day: 'DATE', k: 'VARCHAR' });
    expect(rows).toEqual([
      ['1', '2024-02-01', 'a/b'],
      ['2', '2024-02-02', null],
    ]);
  });

  it('that says a column twice is refused', async () => {
    await expect(read('t', { 't/k=1/K=2/1.csv': 'v\n1\n' })).rejects.toThrow('its path says the column "K" twice');
    await expect(read('t', { 't/V=1/1.csv': 'v\n1\n' })).rejects.toThrow(
      'it has the column "V", and its path says it too',
    );
  });

  it('may be named by a pattern', async () => {
    const files = { 't/a1.csv': 'v\n1\n', 't/a2.csv': 'v\n2\n', 't/b/a3.csv': 'v\n3\n' };
    expect((await read('t/a*.csv', files)).rows).toEqual([['1'], ['2']]);
    expect((await read('t/**/*.csv', files)).rows).toEqual([['1'], ['2'], ['3']]);
  });

  it('has one header', async () => {
    await expect(read('t', { 't/1.csv': 'a,b\n1,2\n', 't/2.csv': 'b,a\n1,2\n' })).rejects.toThrow(
      '"t/2.csv", line 1: its header is not that of "t/1.csv"',
    );
  });
});
