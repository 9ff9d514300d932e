import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { runCheck, type CheckOutput } from '../../support/run-check.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { until } from '../../support/until.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const REGISTRY = `featurestores:
  - name: shop
    tables: { orders: { file: orders.csv, timeZone: UTC } }
    entityTypes:
      - name: customer
        entityIdColumns: [customer]
        sources:
          - sql: orders.sql
            timestampColumn: moment
            features:
              - { name: total, valueType: DOUBLE }
              - { name: channel, valueType: STRING }
`;
const CSV = 'customer,moment,total,channel\nc1,2001-01-01 00:00:00,1.5,web\n';
const SQL = 'SELECT customer, moment, total::DOUBLE AS total,\n  channel\nFROM orders';

interface Files {
  readonly registry?: string;
  readonly sql?: string;
}

/** Writes a registry with its files, checks it and gives what was printed. */
async function checkFiles({ registry = REGISTRY, sql = SQL }: Files, folder = temporaryFolder()): Promise<CheckOutput> {
  writeFileSync(join(folder, 'registry.yaml'), registry);
  writeFileSync(join(folder, 'orders.csv'), CSV);
  writeFileSync(join(folder, 'orders.sql'), sql);
  return checkIn(folder);
}

const checkIn = (folder: string): Promise<CheckOutput> => runCheck(join(folder, 'registry.yaml'), join(folder, 'data'));

/** Every file and folder below, with what tells whether it was written. */
function listing(folder: string): (readonly [string, number, number])[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return ['', ...names].map((name) => {
    const { size, mtimeMs } = statSync(join(folder, name));
    return [name, size, mtimeMs] as const;
  });
}

it('finds nothing wrong with a registry that can start, and says that all is to be computed', async () => {
  expect(await checkFiles({})).toEqual({
    text: `source shop.customer: values, orders.sql
  ok       the SQL gives what the registry says of 2 features
the next start
  ok       a start computes everything: no data folder yet
No faults.
`,
    exitCode: undefined,
  });
});

it.each<[string, Files, RegExp]>([
  [
    'a column whose name is misspelled, with its line in the file',
    { sql: `-- channel of an order\n${SQL.replace('  channel', '  chanel AS channel')}` },
    /does not run:\n.*"chanel" not found[^]*"channel"[^]*LINE 3: +chanel AS channel/,
  ],
  [
    'an alias that is misspelled',
    { sql: SQL.replace('  channel', '  channel AS chanel') },
    /gives no column "channel"/,
  ],
  [
    'a syntax error, with its line in the file',
    { sql: `\n${SQL.replace('FROM', 'FORM FROM')} x y` },
    /cannot be read:\n.*LINE 4: /s,
  ],
  ['a semicolon that a comment follows', { sql: `${SQL}; -- all orders` }, /near ";"[^]*LINE 3: [^]*Take out the ";"/],
  ['two semicolons', { sql: `${SQL};;\n` }, /near ";"[^]*LINE 3: [^]*Take out the ";"/],
  ['two statements', { sql: `${SQL}; SELECT 1` }, /must be one SELECT, not 2 statements/],
  ['a table that is not there', { sql: 'SELECT * FROM order_lines' }, /order_lines does not exist/],
  [
    'each column of another type, at once',
    { sql: SQL.replace('total::DOUBLE', `'much'`).replace('  channel', '  7 AS channel') },
    /2 columns that do not fit:\n.*"total" of .* \(orders\.sql, line 1\) is VARCHAR, which is no DOUBLE.*"channel" of .* \(orders\.sql, line 2\) is INTEGER, which is no STRING/s,
  ],
  [
    'an id that has no one text',
    { sql: SQL.replace('customer', '[customer] AS customer') },
    /id column "customer" of .* is VARCHAR\[\]/,
  ],
])('finds %s', async (_what, files, message) => {
  const { text, exitCode } = await checkFiles(files);
  expect(text).toMatch(/^source shop.customer: values, orders.sql\n {2}fault /);
  expect(text).toMatch(message);
  expect(text).toMatch(/\n1 fault\.\n$/);
  expect(exitCode).toBe(1);
});

it('takes SQL that ends with a semicolon, as a start does', async () => {
  expect(await checkFiles({ sql: `${SQL};\n\n` })).toMatchObject({ exitCode: undefined });
});

it('names a DECIMAL for a DOUBLE, of which a start takes only the values that are one', async () => {
  const { text, exitCode } = await checkFiles({ sql: SQL.replace('::DOUBLE', '::DECIMAL(18,3)') });
  expect(text).toMatch(
    /\n {2}warning {2}column "total" \(orders\.sql, line 1\) is DECIMAL\(18,3\), the registry says DOUBLE: a start fails at the first value that is no DOUBLE\n {11}-> CAST it/,
  );
  expect(exitCode).toBeUndefined();
});

it('opens each model and says what does not fit', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'total.onnx'), 'no graph');
  const fields = 'inputs: [{ name: total, valueType: DOUBLE }], outputs: [{ name: next, valueType: DOUBLE }]';
  const { text, exitCode } = await checkFiles(
    { registry: `${REGISTRY}models:\n  - { name: next_total, onnx: total.onnx, ${fields} }\n` },
    folder,
  );
  expect(text).toMatch(/\nmodel next_total\n {2}fault .*models\[0\]\.onnx/);
  expect(exitCode).toBe(1);
});

it('says what a start would compute of a data folder, and writes nothing', async () => {
  const folder = temporaryFolder();
  const gateway = await startShopGateway(folder);
  await gateway.stop();
  const before = listing(folder);
  expect((await checkIn(folder)).text).toMatch(/\n {2}ok {7}up to date: 1 of 1 sources with SQL\n/);
  expect(listing(folder)).toEqual(before);

  writeFileSync(
    join(folder, 'customer.sql'),
    `SELECT 'c1' AS entity_id, TIMESTAMP '2001-01-01' AS event_timestamp, 8 AS orders`,
  );
  const changed = listing(folder);
  expect((await checkIn(folder)).text).toMatch(
    /a start computes shop\.customer: values \(its SQL, files or columns changed\), and fills its online store\n/,
  );
  expect(listing(folder)).toEqual(changed);
});

it('says that a start fills the online store where only "dense" changed, and touches nothing', async () => {
  const folder = temporaryFolder();
  const gateway = await startShopGateway(folder);
  await gateway.stop();
  const registry = join(folder, 'registry.yaml');
  writeFileSync(
    registry,
    readFileSync(registry, 'utf8').replace('- name: customer', '- name: customer\n        dense: true'),
  );
  const before = listing(folder);
  expect((await checkIn(folder)).text).toMatch(
    /\n {2}ok {7}a start fills the online store of shop\.customer \("dense" changed\)\n {2}ok {7}up to date: 1 of 1 sources with SQL\n/,
  );
  expect(listing(folder)).toEqual(before);
});

it('says that a start fills an online store that is gone, or that lacks rows of the future that became true', async () => {
  const folder = temporaryFolder();
  const gateway = await startShopGateway(folder);
  await gateway.stop();
  rmSync(join(folder, 'data/online'), { recursive: true });
  expect((await checkIn(folder)).text).toContain('a start fills the online store of shop.customer (never filled');

  const future = temporaryFolder();
  // After the stop: a gateway that runs would serve the row.
  const soon = `now()::TIMESTAMP + INTERVAL 8 SECOND`;
  const other = await startShopGateway(future, {
    sql: `SELECT 'c1' AS entity_id, ${soon} AS event_timestamp, 7 AS orders`,
  });
  await other.stop();
  await until(async () => (await checkIn(future)).text.includes('(rows of the future became true since)'));
});

it('finds names that clash in the GraphQL schema, which a start refuses', async () => {
  const { text, exitCode } = await checkFiles({
    registry: REGISTRY.replace('{ name: channel, valueType: STRING }', '{ name: history, valueType: STRING }'),
    sql: SQL.replace('  channel', '  channel AS history'),
  });
  expect(text).toMatch(
    /^the GraphQL schema\n {2}fault .*\n.*feature shop\.customer\.history would be called "history", as a field of every entity is\n/,
  );
  expect(exitCode).toBe(1);
});

it('says where the registry names a file that is missing', async () => {
  await expect(checkFiles({ registry: REGISTRY.replace('orders.csv', 'order.csv') })).rejects.toThrow(
    /line 3, column 23: featurestores\[0\]\.tables\.orders: order\.csv is not there/,
  );
});

it('says where a key is unknown, and which is near', async () => {
  await expect(checkFiles({ registry: REGISTRY.replace('timestampColumn', 'timestampColum') })).rejects.toThrow(
    /line 9, column 13: .*sources\[0\]: the key "timestampColum" is unknown\. Did you mean "timestampColumn"\?/,
  );
});

it('finds a value type that changed since values were stored, which a start refuses', async () => {
  const folder = temporaryFolder();
  const gateway = await startShopGateway(folder);
  await gateway.stop();
  const registry = join(folder, 'registry.yaml');
  writeFileSync(registry, readFileSync(registry, 'utf8').replace('INT64', 'DOUBLE'));
  const { text, exitCode } = await checkIn(folder);
  expect(text).toMatch(
    /\n {2}fault {4}A value type cannot change once values are stored; give the feature a new name: customer\.orders is stored as BIGINT, the registry now says DOUBLE\n/,
  );
  expect(exitCode).toBe(1);
});

it('checks a registry without SQL', async () => {
  const registry = REGISTRY.replace('sql: orders.sql', 'name: orders');
  expect(await checkFiles({ registry })).toEqual({
    text: 'the next start\n  ok       a start computes nothing: no source has SQL\nNo faults.\n',
    exitCode: undefined,
  });
});

it('takes a data folder whose first start ended too early', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'data'));
  (await DuckDbDatabase.open(join(folder, 'data/offline.duckdb'))).close();
  const { text, exitCode } = await checkFiles({}, folder);
  expect(text).toContain('a start computes shop.customer: values (never computed)');
  expect(exitCode).toBeUndefined();
});

it('says so when another process uses the data folder', async () => {
  const folder = temporaryFolder();
  const gateway = await startShopGateway(folder);
  await gateway.stop();
  const script = `import { DuckDBInstance } from '@duckdb/node-api';
await DuckDBInstance.create(${JSON.stringify(join(folder, 'data/offline.duckdb'))});
console.log('open');
setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void other.kill());
  await once(other.stdout, 'data');
  const { text, exitCode } = await checkIn(folder);
  expect(text).toMatch(/warning {2}what a start computes is not known: another process uses the data folder/);
  expect(exitCode).toBeUndefined();
});
