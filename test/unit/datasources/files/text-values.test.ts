import { beforeAll, describe, expect, it } from 'vitest';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { FileOptions } from '../../../../datasources/files/file-options.js';
import { JSON_OBJECT, misfitText, textToTypeSql } from '../../../../datasources/files/text-values.js';
import { quoteText } from '../../../../datasources/duckdb/sql-text.js';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET TimeZone = 'UTC'`);
});

/** The value as the engine writes it; null when the text is no such value. */
async function read(text: string, type: string, options: FileOptions = {}): Promise<string | null> {
  const value = textToTypeSql('t', type, options);
  const rows = await connection.runAndReadAll(`SELECT CAST(${value} AS VARCHAR) FROM (SELECT ${quoteText(text)} AS t)`);
  return rows.getRows()[0]![0] as string | null;
}

describe('a text is read as a whole number', () => {
  it.each([
    ['5', '5'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['+7', '7'],
    [' 12 ', '12'],
    ['1.0', '1'],
    ['36.', '36'],
    ['05', '5'],
    ['9223372036854775808', null],
    ['1.5', null],
    ['1_000', null],
    ['0x10', null],
    ['1e3', null],
    ['', null],
    ['five', null],
  ])('%j', async (text, expected) => {
    expect(await read(text, 'BIGINT')).toBe(expected);
  });

  it.each([
    ['1,0', '1'],
    ['7', '7'],
    ['1.0', null],
  ])('%j with a decimal comma', async (text, expected) => {
    expect(await read(text, 'BIGINT', { decimal: ',' })).toBe(expected);
  });
});

describe('a text is read as a number', () => {
  it.each([
    ['1.5', '1.5'],
    ['.5', '0.5'],
    ['1e5', '100000.0'],
    ['NaN', 'nan'],
    ['-Infinity', '-inf'],
    ['9007199254740993', null],
    ['9007199254740992', '9007199254740992.0'],
    ['9007199254740991.4', null],
    ['9007199254740991.0', '9007199254740991.0'],
    ['12345678901234567.25', null],
    ['0.99999999999999999999', null],
    ['0.30000000000000004441', '0.30000000000000004'],
    ['1.5e300', '1.5e+300'],
    ['12345678901234567890', null],
    ['1e400', null],
    ['1e-400', null],
    ['0e-400', '0.0'],
    ['-0', '-0.0'],
    ['-0.0e3', '-0.0'],
    ['1279596753263021188E1', null],
    ['9007199254740993e0', null],
    ['900719925474099.3e1', null],
    ['9007199254740992e0', '9007199254740992.0'],
    ['-9007199254740991.4E0', null],
    ['9007199254740991.0e+00', '9007199254740991.0'],
    ['0.99999999999999999999e0', null],
    ['123456e-3', '123.456'],
    ['1.00000000000000000e+00', '1.0'],
    ['9.9999999999999992e+22', '1e+23'],
    ['1e23', '1e+23'],
    ['1E+300', '1e+300'],
    ['4.9e-324', '5e-324'],
    ['1,5', null],
    ['1_0.5', null],
  ])('%j', async (text, expected) => {
    expect(await read(text, 'DOUBLE')).toBe(expected);
  });

  it.each([
    ['16777216', '16777216.0'],
    ['16777217', null],
    ['9999999', '9999999.0'],
    ['1.5', '1.5'],
  ])('%j of single precision, whole numbers with every digit', async (text, expected) => {
    expect(await read(text, 'FLOAT')).toBe(expected);
  });

  it.each([
    ['1,5', '1.5'],
    ['-0,25', '-0.25'],
    ['1.5', null],
    ['1.234,5', null],
  ])('%j with a decimal comma', async (text, expected) => {
    expect(await read(text, 'DOUBLE', { decimal: ',' })).toBe(expected);
  });

  it.each([
    ['1.50', '1.50'],
    ['1.5', '1.50'],
    ['1.500', '1.50'],
    ['1.555', null],
    ['12345678', null],
  ])('%j with two decimals', async (text, expected) => {
    expect(await read(text, 'DECIMAL(9,2)')).toBe(expected);
  });
});

describe('a text is read as a moment', () => {
  const zurich = { timeZone: 'Europe/Zurich' };
  it.each<[string, FileOptions, string | null]>([
    ['2024-01-05T18:00:00Z', {}, '2024-01-05 18:00:00'],
    ['2024-01-05T18:00Z', {}, '2024-01-05 18:00:00'],
    ['2024-01-05 18:00:00+01:00', {}, '2024-01-05 17:00:00'],
    ['2024-01-05 18:00:00 +01', {}, '2024-01-05 17:00:00'],
    ['2024-01-05t18:00:00.5z', {}, '2024-01-05 18:00:00.5'],
    ['2024-01-05T18:00+0530', {}, '2024-01-05 12:30:00'],
    ['2024-01-05T18:00:00.123456000Z', {}, '2024-01-05 18:00:00.123456'],
    ['2024-01-05T18:00:00.1234561Z', {}, null],
    ['2024-01-05T24:00:00Z', {}, null],
    ['2024-02-30T00:00:00Z', {}, null],
    ['2024-1-5T18:00:00Z', {}, null],
    ['2024-01-05 18:00:00', {}, null],
    ['2024-01-05', {}, null],
    ['0000-12-31T23:59:59Z', {}, null],
    ['9999-12-31T23:59:59.999999Z', {}, '9999-12-31 23:59:59.999999'],
    ['9999-12-31T23:59:59-01:00', {}, null],
    ['epoch', {}, null],
    ['2024-01-05 18:00:00', { timeZone: 'UTC' }, '2024-01-05 18:00:00'],
    ['2024-01-05T18:00', zurich, '2024-01-05 17:00:00'],
    ['2024-07-05 18:00:00', zurich, '2024-07-05 16:00:00'],
    ['2024-07-05T18:00:00Z', zurich, '2024-07-05 18:00:00'],
    ['2024-03-31 02:30:00', zurich, null],
    ['2024-03-31 03:00:00', zurich, '2024-03-31 01:00:00'],
    ['2024-10-27 02:30:00', zurich, null],
    ['2024-10-27 02:30:00+02:00', zurich, '2024-10-27 00:30:00'],
    ['2024-10-27 03:00:00', zurich, '2024-10-27 02:00:00'],
    ['2024-10-27 01:59:59', zurich, '2024-10-26 23:59:59'],
    ['2024-04-07 01:45:00', { timeZone: 'Australia/Lord_Howe' }, null],
    ['2024-01-05', { ...zurich, dateAsMoment: 'START_OF_DAY' }, '2024-01-04 23:00:00'],
    ['2024-01-05', { timeZone: 'UTC', dateAsMoment: 'END_OF_DAY' }, '2024-01-06 00:00:00'],
    ['05/01/2024', { timeZone: 'UTC', dateAsMoment: 'START_OF_DAY', dateFormat: '%d/%m/%Y' }, '2024-01-05 00:00:00'],
    ['05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, '2024-01-05 18:00:00'],
    ['05/01/2024 18:00', { timestampFormat: '%d/%m/%Y %H:%M' }, null],
    ['05/01/2024 18:00 +0200', { timestampFormat: '%d/%m/%Y %H:%M %z' }, '2024-01-05 16:00:00'],
    ['2024-01-05T18:00:00Z', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, null],
    ['05/01/24 18:00', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, null],
    ['05/01/24 18:00', { timeZone: 'UTC', timestampFormat: '%d/%m/%y %H:%M' }, '2024-01-05 18:00:00'],
    ['Fri 05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%a %d/%m/%Y %H:%M' }, '2024-01-05 18:00:00'],
    ['Mon 05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%a %d/%m/%Y %H:%M' }, null],
    ['FRIDAY 05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%A %d/%m/%Y %H:%M' }, '2024-01-05 18:00:00'],
    ['Monday 05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%A %d/%m/%Y %H:%M' }, null],
    ['5 05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%w %d/%m/%Y %H:%M' }, '2024-01-05 18:00:00'],
    ['3 05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%w %d/%m/%Y %H:%M' }, null],
    ['Fri, 05 Jan 2024 00:30 +0100', { timestampFormat: '%a, %d %b %Y %H:%M %z' }, '2024-01-04 23:30:00'],
    ['Thu, 05 Jan 2024 00:30 +0100', { timestampFormat: '%a, %d %b %Y %H:%M %z' }, null],
    ['Fri Jan 05 23:30:00 -0100 2024', { timestampFormat: '%a %b %d %H:%M:%S %z %Y' }, '2024-01-06 00:30:00'],
    ['366 2024 18:00', { timeZone: 'UTC', timestampFormat: '%j %Y %H:%M' }, '2024-12-31 18:00:00'],
    ['366 2023 18:00', { timeZone: 'UTC', timestampFormat: '%j %Y %H:%M' }, null],
    ['001 2024 18:00', { timeZone: 'UTC', timestampFormat: '%j %Y %H:%M' }, '2024-01-01 18:00:00'],
    ['366 2024 23:30 -0100', { timestampFormat: '%j %Y %H:%M %z' }, '2025-01-01 00:30:00'],
    ['infinity', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, null],
    ['epoch', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, null],
    ['05/01/2024 24:00', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, null],
    ['05/01/2024 18:00:00.1234567', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M:%S.%f' }, null],
    ['2016-12-31T23:59:60Z', {}, null],
    // Clocks were turned by three hours, by a day, and by 3 minutes 58 seconds.
    ['2010-03-05 00:30:00', { timeZone: 'Antarctica/Casey' }, null],
    ['2010-03-05 02:30:00', { timeZone: 'Antarctica/Casey' }, '2010-03-04 18:30:00'],
    ['2011-12-30 10:00:00', { timeZone: 'Pacific/Apia' }, null],
    ['1969-09-30 12:00:00', { timeZone: 'Pacific/Kwajalein' }, null],
    ['1883-11-18 12:02:00', { timeZone: 'America/New_York' }, null],
  ])('%j with %j', async (text, options, expected) => {
    expect(await read(text, 'TIMESTAMP', options)).toBe(expected);
    expect(await read(text, 'TIMESTAMPTZ', options)).toBe(expected === null ? null : `${expected}+00`);
  });
});

describe('a text is read as', () => {
  it.each([
    ['BOOLEAN', 'True', 'true'],
    ['BOOLEAN', '0', 'false'],
    ['BOOLEAN', '1.0', 'true'],
    ['BOOLEAN', '2', null],
    ['DATE', '2024-02-29', '2024-02-29'],
    ['DATE', '2023-02-29', null],
    ['DATE', '01/02/2024', null],
    ['DATE', 'infinity', null],
    ['DATE', '0000-01-01', null],
    ['DATE', '0001-01-01', '0001-01-01'],
    ['TIME', '23:59:59.5', '23:59:59.5'],
    ['TIME', '23:59:59.1234567', null],
    ['UUID', '8c4f2a1e-0b7d-4c53-9f6a-3f1f0e2d4c5b', '8c4f2a1e-0b7d-4c53-9f6a-3f1f0e2d4c5b'],
    ['UUID', 'x', null],
    ['BLOB', 'AAE=', '\\x00\\x01'],
    ['BLOB', 'AAE', null],
    ['BIGINT[]', '[1, "2"]', '[1, 2]'],
    ['BIGINT[]', '[1.5]', null],
    ['BIGINT[]', '[1, null]', null],
    ['BIGINT[]', '1', null],
    ['BIGINT[]', '[]', '[]'],
    ['DOUBLE[]', '[1, 2.5, "NaN"]', '[1.0, 2.5, nan]'],
    ['VARCHAR[]', '["a", "1"]', '[a, 1]'],
    ['VARCHAR[]', '["a", 1]', null],
    ['VARCHAR[]', String.raw`[ "a],\"[" ,"\\" ]`, String.raw`['a],"[', \]`],
    ['BIGINT[]', '[9007199254740993.0]', '[9007199254740993]'],
    ['BIGINT[]', '[[1], 2]', null],
    ['BIGINT[]', '[{"a": 1}]', null],
    ['BIGINT[][]', '[[1], [9007199254740993]]', '[[1], [9007199254740993]]'],
    ['BIGINT[][]', '[[9007199254740993.0]]', null],
    ['DECIMAL(20,19)[]', '[0.1234567890123456789]', '[0.1234567890123456789]'],
    ['DOUBLE[]', '[0.10000000000000001, -1e-7]', '[0.1, -1e-07]'],
    ['DOUBLE[]', '[9007199254740993.0]', null],
    ['DOUBLE[]', '[1e-400]', null],
    ['DOUBLE[][]', '[[1e-400]]', null],
    ['DOUBLE[]', '[1e400]', null],
    ['BOOLEAN[]', '[true, false]', '[true, false]'],
    [JSON_OBJECT, '{"a": 1.50}', '{"a": 1.50}'],
    [JSON_OBJECT, '[1]', null],
    [JSON_OBJECT, '{"a": 1, "a": 2}', null],
    [JSON_OBJECT, '{"a" : 1, "a": 2}', null],
    [JSON_OBJECT, '{"a": {"b": [{"c": 1, "\\u0063": 2}]}}', null],
    [JSON_OBJECT, '{"b": "x",":a": 1, ":a": 2}', null],
    [JSON_OBJECT, '{"a": {"b": 1}, "b": {"a": 1}}', '{"a": {"b": 1}, "b": {"a": 1}}'],
    [JSON_OBJECT, '{"a": "\\"a\\": 1"}', '{"a": "\\"a\\": 1"}'],
    [JSON_OBJECT, '{"a": 1', null],
    ['JSON', '[{"a": 1, "a": 1}]', null],
    ['INTERVAL', '1 day', '1 day'],
    ['INTERVAL', '24 hours', null],
  ])('%s: %j', async (type, text, expected) => {
    expect(await read(text, type)).toBe(expected);
  });
});

describe('what does not fit is said with what can be said of the file', () => {
  it.each<[string, string, FileOptions, RegExp]>([
    ['1,5', 'DOUBLE', {}, /^"1,5" is not a DOUBLE\. .*"decimal"/],
    ['2024-01-05 18:00:00', 'TIMESTAMP', {}, /no time zone.*"timeZone"/],
    ['2024-10-27 02:30:00', 'TIMESTAMP', { timeZone: 'Europe/Zurich' }, /twice/],
    ['2024-01-05', 'TIMESTAMPTZ', {}, /a date and not a moment.*"dateAsMoment"/],
    ['2024-01-05T18:00:00.1234567Z', 'TIMESTAMP', {}, /Round such times up/],
    ['05/01/2024', 'DATE', {}, /"dateFormat"/],
    ['x'.repeat(100), 'BIGINT', {}, /^"x{60}…" is not a BIGINT$/],
  ])('%j as %s', (value, type, options, expected) => {
    expect(misfitText(value, type, options)).toMatch(expected);
  });
});

describe('JSON with more levels of brackets than JSON lines may have is refused', () => {
  const nested = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels);
  it.each([
    ['JSON', nested(64), true],
    ['JSON', nested(65), false],
    ['JSON', nested(50_000), false],
    ['JSON', `[${Array.from({ length: 100 }, () => '{"a":[]}').join(',')}]`, true],
    ['JSON', `["${nested(100)}\\"[", 1]`, true],
    ['JSON', `[${nested(64)}]`, false],
    [JSON_OBJECT, `{"a":${nested(63)}}`, true],
    [JSON_OBJECT, `{"a":${nested(64)}}`, false],
    [JSON_OBJECT, nested(65, '{"a":', '}').replace(':}', ':1}'), false],
    ['VARCHAR[][]', nested(65), false],
    ['DOUBLE[]', nested(50_000), false],
  ])('%s: %s', async (type, text, isTaken) => {
    expect((await read(text, type)) !== null).toBe(isTaken);
    if (!isTaken && type !== 'DOUBLE[]')
      expect(misfitText(text, type, {})).toContain('more than 64 levels of brackets');
  });
});
