import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { importCommand } from '../../../cli/commands/import.js';
import { Policy } from '../../../auth/policy/policy.js';
import { MemoryWriter, storeDown } from '../../support/memory-writer.js';
import { smallRegistry } from '../../support/small-registry.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const registry = smallRegistry();
let writer: MemoryWriter;
let gateway: TestGateway;
beforeEach(async () => {
  writer = new MemoryWriter();
  gateway = await startTestGateway(registry, {
    http: { ingest: { registry, writer, policy: new Policy(), auditLog: null } },
  });
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await gateway.close();
});

function run(folder: string, file: string, ...more: string[]): Promise<string> {
  return runInto(['shop', 'customer'], folder, file, ...more);
}

async function runInto(into: string[], folder: string, file: string, ...more: string[]): Promise<string> {
  const options = ['--timestamp', 'at', '--refused', join(folder, 'refused'), '--state', join(folder, 'state')];
  const args = [...into, join(folder, file), '--entity-id', 'id', '--url', gateway.url, ...options, ...more];
  await importCommand().exitOverride().parseAsync(args, { from: 'user' });
  return String(vi.mocked(console.log).mock.lastCall?.[0]);
}

it('imports CSV with every digit and microsecond, and finds duplicates in a second run', async () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'orders.csv'),
    'id,at,orders_7d,mean_basket\n007,2001-03-07T14:00:00.000001Z,9007199254740993,0.1\nb,2001-03-07T14:00:00Z,,1.5\n',
  );
  const features = ['--features', 'orders_7d', 'mean_basket'];
  expect(await run(folder, 'orders.csv', ...features)).toBe('2 rows written, 0 were there before, 0 refused.');
  const [row] = [...writer.durable.values()];
  expect(row).toMatchObject({ entityId: '007', timestamp: 983973600000001n });
  expect([...row!.values.values()]).toEqual([9007199254740993n, 0.1]);
  expect(await run(folder, 'orders.csv', ...features)).toBe('0 rows written, 2 were there before, 0 refused.');
});

it('imports Parquet with every type of values', async () => {
  const folder = temporaryFolder();
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT 7::BIGINT AS id, TIMESTAMP '2001-03-07 14:00:00.000001' AS at, 9007199254740993::BIGINT AS "int64",
      'NaN'::DOUBLE AS "double", 'x'::BLOB AS bytes, [1.5, 'Infinity'::DOUBLE] AS double_array)
    TO '${join(folder, 'all.parquet')}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  await runInto(['lab', 'sample'], folder, 'all.parquet', '--features', 'int64', 'double', 'bytes', 'double_array');
  const [row] = [...writer.durable.values()];
  expect(row).toMatchObject({ entityId: '7', timestamp: 983973600000001n });
  expect(Object.fromEntries([...row!.values].map(([{ name }, value]) => [name, value]))).toEqual({
    int64: 9007199254740993n,
    double: NaN,
    bytes: new Uint8Array([120]),
    double_array: [1.5, Infinity],
  });
});

it('imports JSONL with every type of values, nulls, and a gateway that is named by its origin', async () => {
  const folder = temporaryFolder();
  const values = {
    bool: true,
    bool_array: [true, false],
    double: 1e300,
    double_array: [0.1],
    int64: '9223372036854775807',
    int64_array: [1, 2],
    string: 'Zürich ✈',
    string_array: ['', 'a,b'],
    bytes: 'AP8B',
    struct: { a: { b: [1, 'two', null] }, 'ü✈': '9007199254740993', c: 0.1 },
    timestamp: '2001-01-01T00:00:00.000001Z',
  };
  const nulls = Object.fromEntries(Object.keys(values).map((name) => [name, null]));
  const rows = [
    { id: 'a', at: '2001-03-07T14:00:00Z', ...values },
    { id: 'b', at: '2001-03-07T14:00:00Z', ...nulls },
  ];
  writeFileSync(join(folder, 'all.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const features = ['--features', ...Object.keys(values), '--url', new URL(gateway.url).origin];
  expect(await runInto(['lab', 'sample'], folder, 'all.jsonl', ...features)).toBe(
    '2 rows written, 0 were there before, 0 refused.',
  );
  const [full, empty] = [...writer.durable.values()].map((row) =>
    Object.fromEntries([...row.values].map(([{ name }, value]) => [name, value])),
  );
  expect(full).toEqual({
    ...values,
    int64: 9223372036854775807n,
    int64_array: [1n, 2n],
    bytes: new Uint8Array([0, 255, 1]),
    timestamp: 978307200000001n,
  });
  expect(empty).toEqual(nulls);
});

it.each([
  [
    'CSV',
    async (folder: string) =>
      writeFileSync(join(folder, 'all.csv'), `id,at,struct\na,2001-03-07T14:00:00Z,"{""x"":{""y"":1}}"\n`),
  ],
  ['PARQUET', writeStructs],
])('imports objects from %s', async (format, make) => {
  const folder = temporaryFolder();
  await make(folder);
  await runInto(['lab', 'sample'], folder, `all.${format.toLowerCase()}`, '--features', 'struct');
  expect([...writer.durable.values()].flatMap(({ values }) => [...values.values()])).toEqual([{ x: { y: 1 } }]);
});

async function writeStructs(folder: string): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT 'a' AS id, TIMESTAMP '2001-03-07 14:00:00' AS at, {x: {y: 1}} AS struct)
    TO '${join(folder, 'all.parquet')}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}

it('goes on where the store failed', async () => {
  const folder = temporaryFolder();
  const rows = Array.from({ length: 5_000 }, (_, index) => `c${index},2001-03-07T14:00:00Z,${index}`);
  writeFileSync(join(folder, 'orders.csv'), ['id,at,orders_7d', ...rows].join('\n'));
  writer.beforeWrite = async () => {
    if (writer.durable.size >= 3_000) throw storeDown();
  };
  await expect(run(folder, 'orders.csv', '--features', 'orders_7d')).rejects.toThrow('goes on where this one ended');
  writer.beforeWrite = async () => undefined;
  await run(folder, 'orders.csv', '--features', 'orders_7d');
  expect(writer.durable.size).toBe(5_000);
  expect(existsSync(join(folder, 'state'))).toBe(false);
});

it('writes refused rows to a file with the reasons', async () => {
  const folder = temporaryFolder();
  writer.findFault = ({ entityId }) =>
    entityId === 'b' ? { part: { kind: 'TIMESTAMP' }, code: 'BAD_USER_INPUT', message: 'Too late.' } : undefined;
  writeFileSync(
    join(folder, 'orders.jsonl'),
    '{"id":"a","at":"2001-03-07T14:00:00Z","orders_7d":1}\n{"id":"b","at":"2001-03-07T14:00:00Z","orders_7d":2}\n',
  );
  expect(await run(folder, 'orders.jsonl', '--features', 'orders_7d')).toContain('1 row written');
  expect(JSON.parse(readFileSync(join(folder, 'refused'), 'utf8'))).toMatchObject({ line: 2, message: 'Too late.' });
});

it('names the line of a value that is not of its type', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'orders.csv'), 'id,at,orders_7d\na,2001-03-07T14:00:00Z,1\nb,2001-03-07T14:00:00Z,1.5\n');
  await expect(run(folder, 'orders.csv', '--features', 'orders_7d')).rejects.toThrow(/line 3/);
});

it('imports objects with every digit of their numbers, also those over several lines', async () => {
  const folder = temporaryFolder();
  const struct = '{""a"": 0.1234567890123456789,\n""b"": [0.10000000000000000555, 12345678901234567890, 1.50]}';
  writeFileSync(join(folder, 'all.csv'), `id,at,struct,double\na,2001-03-07T14:00:00Z,"${struct}",\n`);
  expect(await runInto(['lab', 'sample'], folder, 'all.csv', '--features', 'struct', 'double')).toMatch(
    /^1 row written/,
  );
  expect([...writer.durable.values()].flatMap(({ values }) => [...values.values()])).toEqual([
    { a: '0.1234567890123456789', b: [0.1, '12345678901234567890', 1.5] },
    null,
  ]);
});

it.each<[string, string, string, string[], string]>([
  ['a time without a zone', 'at', '2001-03-07 14:00:00', [], 'or set --time-zone'],
  ['a date', 'at', '2001-03-07', [], 'Set --date-as-moment and --time-zone'],
  ['a format without a year', 'at', '07/03 14:00', ['--timestamp-format', '%d/%m %H:%M'], 'it has no year'],
  ['an unknown choice', 'at', '2001-03-07', ['--date-as-moment', 'noon'], '--date-as-moment is one of: start-of-day'],
])('says what to do in the words of the command line: %s', async (_what, column, time, flags, message) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'orders.csv'), `id,${column},orders_7d\na,${time},1\n`);
  await expect(run(folder, 'orders.csv', '--features', 'orders_7d', ...flags)).rejects.toThrow(message);
});

it('takes the options of files that every command takes', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'orders.csv'), 'id;at;orders_7d\na;2001-03-07;1\n');
  const flags = ['--delimiter', ';', '--date-as-moment', 'end-of-day', '--time-zone', 'UTC', '--format', 'csv'];
  await run(folder, 'orders.csv', '--features', 'orders_7d', ...flags);
  expect([...writer.durable.values()][0]).toMatchObject({ entityId: 'a', timestamp: 984009600000000n });
});
