import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { prepareStores } from '../../../ingestion/prepare.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { FileReader } from '../../../datasources/files/file-reader.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { LmdbOnlineStore } from '../../../datasources/online/lmdb/lmdb-online-store.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const REGISTRY = `
featurestores:
  - name: shop
    tables: { orders: { file: orders.csv, timeZone: UTC } }
    entityTypes:
      - name: customer
        entityIdColumns: [country, number]
        dense: true
        sources:
          - sql: orders.sql
            timestampColumn: moment
            features:
              - { name: total, valueType: INT64 }
              - { name: tags, valueType: STRING_ARRAY }
`;
const CSV = `country,number,moment,total
CH,1,2001-01-01 00:00:00.000001,10
CH,1,2001-01-02 00:00:00,20
DE,1,2001-01-01 00:00:00,5
`;
let reader: FileReader;
beforeAll(async () => {
  reader = await FileReader.open(mkdtempSync(join(tmpdir(), 'featuregraph-prepare-')));
});
afterAll(() => reader[Symbol.asyncDispose]());

const SQL = `SELECT country, number, moment, total, [country, 'x'] AS tags FROM orders`;

/** 2001-02-01, after every row. */
const NOW = 980985600000000n;

interface Files {
  readonly registry?: string;
  readonly csv?: string;
  readonly sql?: string;
  readonly now?: bigint;
}

/** Writes a registry with its files, opens the stores of its folder and prepares them. */
async function prepare(folder: string, { registry = REGISTRY, csv = CSV, sql = SQL, now = NOW }: Files = {}) {
  writeFileSync(join(folder, 'registry.yaml'), registry);
  writeFileSync(join(folder, 'orders.csv'), csv);
  writeFileSync(join(folder, 'orders.sql'), sql);
  mkdirSync(join(folder, 'data'), { recursive: true });
  const loaded = await loadRegistry(join(folder, 'registry.yaml'));
  const customer = loaded.entityType('shop', 'customer');
  const offline = await DuckDbOfflineStore.open(
    await DuckDbDatabase.open(join(folder, 'data/offline.duckdb')),
    customer.sources,
    { reader },
  );
  const online = new LmdbOnlineStore(join(folder, 'data/online'));
  const close = async () => {
    await online.close();
    await offline.close();
  };
  const steps: string[] = [];
  try {
    const outcome = await prepareStores(
      loaded,
      offline,
      () => online,
      () => now,
      ({ step, share }) => {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        if (steps.at(-1) !== step) steps.push(step);
      },
    );
    const cells = await online.read({
      entityType: customer,
      entityIds: ['CH,1', 'DE,1'],
      features: customer.features,
      now: 0n,
    });
    return {
      done: outcome.steps,
      outcome,
      steps,
      values: cells.map((row) => row.map(({ value }) => value)),
      offline,
      online,
      close,
      customer,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

it('computes the sources, fills the online store, and has nothing to do the next time', async () => {
  const folder = temporaryFolder();
  const first = await prepare(folder);
  expect(first.steps).toEqual(['computing shop.customer: values', 'filling the online store: shop.customer']);
  expect(first.values).toEqual([
    [20n, ['CH', 'x']],
    [5n, ['DE', 'x']],
  ]);
  const history = await first.offline.history({
    feature: first.customer.features[0]!,
    entityId: 'CH,1',
    from: null,
    to: null,
    before: null,
    limit: 9,
  });
  expect(history.map(({ timestamp }) => timestamp)).toEqual([978393600000000n, 978307200000001n]);
  await first.close();

  const second = await prepare(folder);
  expect([second.done, second.values]).toEqual([0, first.values]);
  await second.close();
});

it.each([
  ['the SQL', { sql: SQL.replace('total,', 'total * 2 AS total,') }, [40n, ['CH', 'x']]],
  ['a file', { csv: CSV.replace(',20\n', ',21\n') }, [21n, ['CH', 'x']]],
  ['the features', { registry: REGISTRY.replace(/.*tags.*\n/, '') }, [20n]],
  ['the meaning of nulls', { registry: REGISTRY.replace('dense: true', 'dense: false') }, [20n, ['CH', 'x']]],
])('computes anew when %s changed', async (_what, change, expected) => {
  const folder = temporaryFolder();
  await (await prepare(folder)).close();
  const changed = await prepare(folder, change);
  expect(changed.done).toBeGreaterThan(0);
  expect(changed.values[0]).toEqual(expected);
  await changed.close();
});

it('goes on where a killed process stopped', async () => {
  const folder = temporaryFolder();
  const first = await prepare(folder);
  // As if the process had ended after the import and before the online store was full.
  const contents = await first.online.currentFill(first.customer);
  const killed = first.online.fill(first.customer, {
    fingerprint: contents!,
    expectedFill: contents,
    readWrites: () => {
      throw new Error('killed');
    },
  });
  await expect(killed).rejects.toThrow('killed');
  await first.close();
  const second = await prepare(folder);
  expect(second.steps).toEqual(['filling the online store: shop.customer']);
  expect(second.values[0]).toEqual([20n, ['CH', 'x']]);
  await second.close();
});

it('keeps what was there when the new source cannot be computed', async () => {
  const folder = temporaryFolder();
  await (await prepare(folder)).close();
  await expect(prepare(folder, { sql: SQL.replace('total,', `error('no') AS total,`) })).rejects.toThrow();
  const again = await prepare(folder);
  expect([again.done, again.values[0]]).toEqual([0, [20n, ['CH', 'x']]]);
  await again.close();
});

it('computes the same in several partitions', async () => {
  const registry = REGISTRY.replace('sql: orders.sql', 'sql: orders.sql\n            partitions: 3');
  const prepared = await prepare(temporaryFolder(), { registry, sql: `${SQL} WHERE in_partition(country);` });
  onTestFinished(prepared.close);
  expect(prepared.values).toEqual([
    [20n, ['CH', 'x']],
    [5n, ['DE', 'x']],
  ]);
});

it.each(['true', 'false'])(
  'serves now what is known now, and the future once it came true (dense: %s)',
  async (dense) => {
    const folder = temporaryFolder();
    const future = 4070908800000000n; // 2099-01-01
    const files = {
      registry: REGISTRY.replace('dense: true', `dense: ${dense}`),
      csv: `${CSV}CH,1,2099-01-01 00:00:00,99\nCH,1,2099-01-02 00:00:00,100\nNL,1,2099-01-01 00:00:00,9\n`,
    };
    const offlineAsOf = async ({ offline, customer }: Awaited<ReturnType<typeof prepare>>, time: bigint) => {
      const labels = ['CH,1', 'DE,1'].map((entityId) => ({ entityId, time }));
      const cells = await offline.pointInTime({ entityType: customer, labels, features: customer.features });
      return cells.map((row) => row.map(({ value }) => value));
    };
    const first = await prepare(folder, files);
    expect(first.values[0]).toEqual([20n, ['CH', 'x']]);
    expect(first.values).toEqual(await offlineAsOf(first, NOW));
    expect(first.outcome.futureRows).toEqual(new Map([[first.customer.sources[0], 3]]));
    await first.close();

    const before = await prepare(folder, { ...files, now: future - 1n });
    expect([before.done, before.values]).toEqual([0, first.values]);
    await before.close();

    const then = await prepare(folder, { ...files, now: future });
    expect(then.steps).toEqual(['filling the online store: shop.customer']);
    expect(then.values[0]).toEqual([99n, ['CH', 'x']]);
    expect(then.values).toEqual(await offlineAsOf(then, future));
    expect(then.outcome.futureRows).toEqual(new Map([[then.customer.sources[0], 1]]));
    await then.close();
  },
);

it('keeps rows without id or time out, counts them, and keeps the rows beside them', async () => {
  const prepared = await prepare(temporaryFolder(), { csv: `${CSV},7,2001-01-01 00:00:00,1\nCH,7,,1\nCH,,,1\n` });
  onTestFinished(prepared.close);
  expect(prepared.outcome.rejectedRows).toEqual(new Map([[prepared.customer.sources[0], 3]]));
  expect(prepared.values).toEqual([
    [20n, ['CH', 'x']],
    [5n, ['DE', 'x']],
  ]);
  // The table goes on refusing what could never be read.
  const { offline, customer } = prepared;
  const unnamed = { entityId: null, timestamp: 0n, values: new Map() };
  expect((await offline.append(customer.sources[0]!, [unnamed])).rejected).toHaveLength(1);
});

it('counts a row with an empty id as one without', async () => {
  const registry = REGISTRY.replace('entityIdColumns: [country, number]', 'entityIdColumns: [country]');
  const sql = SQL.replace('country,', `if(country = 'DE', '', country) AS country,`);
  const prepared = await prepare(temporaryFolder(), { registry, sql });
  onTestFinished(prepared.close);
  expect(prepared.outcome.rejectedRows).toEqual(new Map([[prepared.customer.sources[0], 1]]));
});

it('takes times of a CSV file whose digits beyond a microsecond are zeros', async () => {
  const prepared = await prepare(temporaryFolder(), { csv: CSV.replace('00:00:00.000001', '00:00:00.000001000') });
  onTestFinished(prepared.close);
  expect(prepared.values[0]).toEqual([20n, ['CH', 'x']]);
});

it('takes a corrected value type after a first import that was refused', async () => {
  const folder = temporaryFolder();
  const wrong = REGISTRY.replace('name: total, valueType: INT64', 'name: total, valueType: STRING');
  await expect(prepare(folder, { registry: wrong })).rejects.toThrow(/BIGINT, which is no STRING/);
  const corrected = await prepare(folder);
  expect(corrected.values[0]).toEqual([20n, ['CH', 'x']]);
  await corrected.close();
  // Values are stored now.
  await expect(prepare(folder, { registry: wrong })).rejects.toThrow(/value type cannot change/);
});

describe('among rows of one entity and time the row that the SQL gave last counts', () => {
  const TIES = 300_000;
  const IDS = 1000;
  const ties = REGISTRY.replace(/tables: .*/, 'tables: { orders: orders.parquet }').replace(/.*tags.*\n/, '');

  it.each<[string, number, string]>([
    ['from a file', 1, 'SELECT country, number, moment, total FROM orders'],
    ['in partitions', 3, 'SELECT country, number, moment, total FROM orders WHERE in_partition(number)'],
    ['by its ORDER BY', 1, 'SELECT country, number, moment, -total AS total FROM orders ORDER BY orders.total DESC'],
  ])('%s', async (_title, partitions, sql) => {
    const folder = temporaryFolder();
    // Each of 1,000 entities has 300 rows at 3 times, far apart in the file; total is the place in the file.
    const writer = await DuckDbDatabase.open(':memory:');
    await writer.use((connection) =>
      connection.run(`COPY (
        SELECT 'CH' AS country, (i % ${IDS})::INTEGER AS number, i AS total,
          TIMESTAMP '2001-01-01' + to_days((i // ${IDS} % 3)::INTEGER) AS moment
        FROM range(${TIES}) AS rows(i)) TO '${join(folder, 'orders.parquet')}' (ROW_GROUP_SIZE 10000)`),
    );
    writer.close();
    const registry = ties.replace('sql: orders.sql', `sql: orders.sql\n            partitions: ${partitions}`);
    const prepared = await prepare(folder, { registry, sql });
    onTestFinished(prepared.close);

    const { customer, offline, online } = prepared;
    const entityIds = Array.from({ length: IDS }, (_, id) => `CH,${id}`);
    const read = { entityType: customer, features: customer.features };
    const newest = (await online.read({ ...read, entityIds, now: 0n })).map(([cell]) => cell!.value);
    // The last time is the one of i // 1,000 % 3 = 2: rows 299,000 to 299,999. Descending, the first such row comes last.
    const isDescending = sql.includes('DESC');
    expect(newest).toEqual(entityIds.map((_, id) => (isDescending ? -BigInt(2 * IDS + id) : BigInt(TIES - IDS + id))));
    // A time at which ties were in the middle of the table.
    const time = 978307200000000n;
    const labels = entityIds.map((entityId) => ({ entityId, time }));
    const first = (await offline.pointInTime({ ...read, labels })).map(([cell]) => cell!.value);
    expect(first).toEqual(entityIds.map((_, id) => (isDescending ? -BigInt(id) : BigInt(297 * IDS + id))));
  });
});

const columnsOfOrders = (columns: string): string =>
  REGISTRY.replace('timeZone: UTC', `timeZone: UTC, columns: ${columns}`);

describe('ids of a CSV file are entities as they are written', () => {
  const rows = (ids: readonly string[]): string =>
    `country,number,moment,total\n${ids.map((id, index) => `CH,${id},2001-01-01 00:00:00,${index}\n`).join('')}`;
  const renamed = SQL.replace('number,', 'code AS number,');

  it.each<[string, Files, [string, bigint | null][]]>([
    [
      '05 is not 5',
      { csv: rows(['05', '5', '007']) },
      [
        ['05', 0n],
        ['5', 1n],
        ['007', 2n],
        ['7', null],
      ],
    ],
    [
      '+5 is not 5, and 1.50 is not 1.5',
      { csv: rows(['+5', '1.50', '1.5']) },
      [
        ['+5', 0n],
        ['1.50', 1n],
        ['1.5', 2n],
        ['5', null],
      ],
    ],
    [
      'also where the first of them comes late',
      { csv: rows([...Array.from({ length: 30_000 }, (_, id) => String(id + 1)), '05', 'x']) },
      [
        ['5', 4n],
        ['05', 30_000n],
        ['x', 30_001n],
      ],
    ],
    [
      'in whatever case the file has the name',
      { csv: rows(['05']).replace('number', 'Number'), sql: SQL.replace('number,', 'number AS number,') },
      [['05', 0n]],
    ],
    [
      'blanks around a number are no part of it',
      { csv: rows([' 5', '6 ']) },
      [
        ['5', 0n],
        ['6', 1n],
      ],
    ],
    [
      'plain integers can be joined with integers',
      { csv: rows(['5', '6']), sql: `${SQL} JOIN (SELECT 5::BIGINT AS wanted) ON number = wanted` },
      [
        ['5', 0n],
        ['6', null],
      ],
    ],
    [
      'and what the registry says of a column holds',
      { csv: rows(['05']), registry: columnsOfOrders('{ number: BIGINT }') },
      [
        ['5', 0n],
        ['05', null],
      ],
    ],
    [
      'under another name they are what the registry says',
      {
        csv: rows(['05', '5']).replace('number', 'code'),
        sql: renamed,
        registry: columnsOfOrders('{ code: VARCHAR }'),
      },
      [
        ['05', 0n],
        ['5', 1n],
      ],
    ],
  ])('%s', async (_title, files, expected) => {
    const { customer, online, close } = await prepare(temporaryFolder(), files);
    onTestFinished(close);
    const [total] = customer.features;
    const entityIds = expected.map(([id]) => `CH,${id}`);
    const cells = await online.read({ entityType: customer, entityIds, features: [total!], now: 0n });
    expect(cells.map(([cell], index) => [expected[index]![0], cell!.value])).toEqual(expected);
  });

  it('and are read anew when the registry says otherwise of them', async () => {
    const folder = temporaryFolder();
    const csv = rows(['05']);
    await (await prepare(folder, { csv })).close();
    const { done, close } = await prepare(folder, { csv, registry: columnsOfOrders('{ number: BIGINT }') });
    onTestFinished(close);
    expect(done).toBeGreaterThan(0);
  });
});

it('leaves times to the SQL in a column that the registry says is text', async () => {
  const { values, close } = await prepare(temporaryFolder(), {
    csv: CSV.replace('00:00:00.000001', '00:00:00.0000009'),
    registry: columnsOfOrders('{ moment: VARCHAR }'),
    sql: SQL.replace(', moment,', ', left(moment, 19)::TIMESTAMP AS moment,'),
  });
  onTestFinished(close);
  expect(values[0]).toEqual([20n, ['CH', 'x']]);
});

describe('the files of a table', () => {
  const table = (options: string): string => REGISTRY.replace('{ file: orders.csv, timeZone: UTC }', options);
  const zoned = CSV.replaceAll(/(\d\d:\d\d:\d\d[.\d]*)/g, '$1Z');
  const late = (line: string, before: (row: number) => string): string =>
    `country,number,moment,total\n${Array.from({ length: 21_000 }, (_, row) => before(row)).join('')}${line}`;
  const asDouble = REGISTRY.replace('name: total, valueType: INT64', 'name: total, valueType: DOUBLE').replace(
    /.*tags.*\n/,
    '',
  );
  const plain = 'SELECT country, number, moment, total FROM orders';

  async function totals(files: Files, ids: readonly string[], folder = temporaryFolder()) {
    const { customer, online, close } = await prepare(folder, files);
    onTestFinished(close);
    const cells = await online.read({
      entityType: customer,
      entityIds: ids,
      features: [customer.features[0]!],
      now: 0n,
    });
    return cells.map(([cell]) => cell!.value);
  }

  it('have the type that all values have: 1.5 after 21,000 whole numbers is 1.5', async () => {
    const csv = late('DE,1,2001-01-01T00:00:00Z,1.5\n', (row) => `CH,${row},2001-01-01T00:00:00Z,${row}\n`);
    expect(await totals({ csv, registry: asDouble, sql: plain }, ['DE,1', 'CH,20999'])).toEqual([1.5, 20_999]);
  });

  it('of JSON lines have it too, and integers keep their digits', async () => {
    const folder = temporaryFolder();
    const line = (number: number, total: string): string =>
      `{"country":"CH","number":${number},"moment":"2001-01-01T00:00:00Z","total":${total}}\n`;
    writeFileSync(
      join(folder, 'orders.ndjson'),
      Array.from({ length: 30_000 }, (_, row) => line(row, String(-row))).join('') + line(30_000, '1.5'),
    );
    const registry = asDouble.replace('{ file: orders.csv, timeZone: UTC }', 'orders.ndjson');
    expect(await totals({ registry, sql: plain }, ['CH,30000', 'CH,7'], folder)).toEqual([1.5, -7]);
  });

  it.each([
    ['a code among numbers', '7', '"00501"'],
    ['a word among numbers', '7', '"none"'],
    ['a text that is no JSON, among booleans', 'true', '"{"'],
    ['a text that begins with a quote, among texts', '"a"', '"\\"b"'],
    ['a time among numbers', '7', '"2001-01-01T00:00:00Z"'],
    ['an object among texts', '"00501"', '{"a":"x"}'],
  ])('of JSON lines may have %s, and none of them changes', async (_title, first, second) => {
    const folder = temporaryFolder();
    const line = (number: number, code: string): string =>
      `{"country":"CH","number":${number},"moment":"2001-01-01T00:00:00Z","total":1,"code":${code}}\n`;
    writeFileSync(join(folder, 'orders.ndjson'), line(1, first) + line(2, second));
    const registry = asDouble
      .replace('{ file: orders.csv, timeZone: UTC }', 'orders.ndjson')
      .replace('name: total, valueType: DOUBLE', 'name: code, valueType: STRING');
    // A column that has other values than texts is JSON.
    const sql = `SELECT country, number, moment, CAST(to_json(code) AS VARCHAR) AS code FROM orders`;
    expect(await totals({ registry, sql }, ['CH,1', 'CH,2'], folder)).toEqual([first, second]);
  });

  it('are never a day before: a moment among dates is refused with its line', async () => {
    const csv = late('DE,1,2001-01-05T18:00:00Z,9\n', (row) => `CH,${row},2001-01-01,${row}\n`);
    const files = { csv, registry: table('orders.csv'), sql: plain.replace('total', `total, ['x'] AS tags`) };
    await expect(prepare(temporaryFolder(), files)).rejects.toThrow(
      /Column "moment" of .* is VARCHAR, which is no TIMESTAMP.*"orders.csv", line 2: "2001-01-01" is a date and not a moment.*"dateAsMoment"/s,
    );
    const declared = { ...files, registry: table('{ file: orders.csv, dateAsMoment: END_OF_DAY, timeZone: UTC }') };
    expect(await totals(declared, ['CH,7', 'DE,1'])).toEqual([7n, 9n]);
  });

  it('have a day where a moment is wanted only if the registry or the SQL says which moment it is', async () => {
    const csv = CSV.replaceAll(/ \d\d:\d\d:\d\d[.\d]*/g, '');
    await expect(prepare(temporaryFolder(), { csv })).rejects.toThrow(
      /Column "moment" of .* is DATE: a day, and no moment.*dateAsMoment/,
    );
    const sql = SQL.replace(', moment,', ', CAST(moment AS TIMESTAMP) AS moment,');
    expect(await totals({ csv, sql }, ['CH,1'])).toEqual([20n]);
  });

  it('without a zone say so: a time is not guessed to be in UTC', async () => {
    await expect(prepare(temporaryFolder(), { registry: table('orders.csv') })).rejects.toThrow(
      /"orders.csv", line 2: "2001-01-01 00:00:00.000001" has no time zone\..*"timeZone"/,
    );
    const sql = SQL.replace(', moment,', ', moment + INTERVAL 1 HOUR AS moment,');
    await expect(prepare(temporaryFolder(), { registry: table('orders.csv'), sql })).rejects.toThrow(
      /does not run:.*Column "moment" of the table "orders" is text, since its times have no zone/s,
    );
    expect(await totals({ registry: table('orders.csv'), csv: zoned }, ['CH,1'])).toEqual([20n]);
  });

  it('may be of another dialect, which the registry says', async () => {
    const csv = 'country;number;moment;total\nCH;1;02.01.2001 00:00;20,0\n';
    const registry = table(
      `{ file: orders.csv, delimiter: ';', decimal: ',', timestampFormat: '%d.%m.%Y %H:%M', timeZone: Europe/Zurich }`,
    );
    expect(await totals({ csv, registry }, ['CH,1'])).toEqual([20n]);
  });

  it('are all of a folder, with the columns that its folders name', async () => {
    const folder = temporaryFolder();
    for (const [day, total] of [
      ['2001-01-01', 1],
      ['2001-01-02', 2],
    ] as const) {
      mkdirSync(join(folder, `orders/day=${day}`), { recursive: true });
      const writer = await DuckDbDatabase.open(':memory:');
      await writer.use((connection) =>
        connection.run(
          `COPY (SELECT 'CH' AS country, 1 AS number, ${total} AS total) TO '${folder}/orders/day=${day}/part-0.parquet' (FORMAT parquet)`,
        ),
      );
      writer.close();
    }
    writeFileSync(join(folder, 'orders/_SUCCESS'), '');
    const sql = `SELECT country, number, CAST(day AS TIMESTAMP) AS moment, total, ['x'] AS tags FROM orders`;
    for (const name of ['orders', 'orders/*/*.parquet', `'orders/**/*.parquet'`]) {
      expect(await totals({ registry: table(name), sql }, ['CH,1'], folder)).toEqual([2n]);
    }
    const added = await prepare(folder, { registry: table('orders'), sql });
    await added.close();
    mkdirSync(join(folder, 'orders/day=2001-01-03'));
    copyFileSync(
      join(folder, 'orders/day=2001-01-01/part-0.parquet'),
      join(folder, 'orders/day=2001-01-03/part-0.parquet'),
    );
    expect(await totals({ registry: table('orders'), sql }, ['CH,1'], folder)).toEqual([1n]);
  });

  it.each([
    ['whole', true],
    ['finer', false],
  ])('of Parquet with times in nanoseconds are read where nothing is lost: %s', async (name, isRead) => {
    const folder = temporaryFolder();
    copyFileSync(
      join(import.meta.dirname, `../../cases/files/nanoseconds-zone-${name}.parquet`),
      join(folder, 'f.parquet'),
    );
    const sql = `SELECT id AS country, id AS number, t AS moment, 1 AS total, ['x'] AS tags FROM orders`;
    const read = totals({ registry: table('f.parquet'), sql, now: 2n ** 60n }, ['a,a'], folder);
    await (isRead
      ? expect(read).resolves.toEqual([1n])
      : expect(read).rejects.toThrow(/row 2 .*finer than a microsecond/));
  });

  it.each<[string, string, string, unknown]>([
    ['36.0 is a whole number', 'INT64', '36.0::DOUBLE', 36n],
    ['0 and 1 are booleans', 'BOOL', '1', true],
    ['a decimal is a number', 'DOUBLE', '1.25', 1.25],
    ['a whole number is a number', 'DOUBLE', '9007199254740992', 2 ** 53],
    ['bytes that are text are text', 'STRING', `encode('café')`, 'café'],
    ['a decimal is the nearest double', 'DOUBLE', `CAST('1e-30' AS DECIMAL(38,32))`, 1e-30],
    [
      'a struct keeps its digits',
      'STRUCT',
      `{d: '12345678901234567890.12'::DECIMAL(38,2)}`,
      { d: '12345678901234567890.12' },
    ],
    [
      'a struct of JSON too',
      'STRUCT',
      `'{"d": 0.1234567890123456789, "f": 0.5}'::JSON`,
      { d: '0.1234567890123456789', f: 0.5 },
    ],
    ['NaN in a struct is a text', 'STRUCT', `{d: 1.50::DECIMAL(5,2), n: 'nan'::DOUBLE}`, { d: 1.5, n: 'NaN' }],
  ])('are read by value: %s', async (_title, valueType, value, expected) => {
    const registry = REGISTRY.replace('name: total, valueType: INT64', `name: total, valueType: ${valueType}`);
    const sql = SQL.replace('total,', `${value} AS total,`);
    const [total] = await totals({ registry, sql }, ['CH,1']);
    expect(total).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ['INT64', '36.5::DOUBLE', '36.5'],
    ['BOOL', '2', '2'],
    ['DOUBLE', '9007199254740993', '9007199254740993'],
    ['STRING', `'\\xFF'::BLOB`, '\\\\xFF'],
    ['DOUBLE_ARRAY', '[1, 9007199254740993]::BIGINT[]', '\\[1, 9007199254740993\\]'],
    ['DOUBLE_ARRAY', `['0.12345678901234567890'::DECIMAL(38,20)]`, '\\[0.12345678901234567890\\]'],
  ])('are refused by value: %s is not %s', async (valueType, value, shown) => {
    const registry = REGISTRY.replace('name: total, valueType: INT64', `name: total, valueType: ${valueType}`);
    const sql = SQL.replace('total,', `${value} AS total,`);
    await expect(prepare(temporaryFolder(), { registry, sql })).rejects.toThrow(
      new RegExp(`could not be computed:.*Column "total" of .* which is no ${valueType}: ${shown}`, 's'),
    );
  });

  it.each([
    ['the event time', 'INT64', SQL.replace('moment,', `TIMESTAMP 'infinity' AS moment,`), 'moment'],
    ['a feature', 'TIMESTAMP', SQL.replace('total,', `TIMESTAMP '12024-01-01' AS total,`), 'total'],
  ])('have no time outside the years of ISO 8601: %s', async (_title, valueType, sql, column) => {
    const registry = REGISTRY.replace('name: total, valueType: INT64', `name: total, valueType: ${valueType}`);
    await expect(prepare(temporaryFolder(), { registry, sql })).rejects.toThrow(
      new RegExp(`could not be computed:.*Column "${column}" of .* outside the years 0001 to 9999`, 's'),
    );
  });

  it('may have no value in a column, which then fits any type', async () => {
    const csv = CSV.replace('total', 'total,note').replaceAll(/(\d)$/gm, '$1,');
    const registry = REGISTRY.replace('name: total, valueType: INT64', 'name: note, valueType: STRING');
    expect(await totals({ csv, registry, sql: SQL.replace('total,', 'note,') }, ['CH,1'])).toEqual([null]);
  });

  it('have ids that are whole numbers as doubles', async () => {
    expect(await totals({ sql: SQL.replace('number,', 'number::DOUBLE AS number,') }, ['CH,1'])).toEqual([20n]);
  });

  it('that are broken are refused in one sentence, others are not looked at', async () => {
    const broken = REGISTRY.replace(
      '{ file: orders.csv, timeZone: UTC }',
      '{ file: orders.csv, timeZone: UTC }, other: other.csv',
    );
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'other.csv'), 'a,b\n1\n');
    expect(await totals({ registry: broken }, ['CH,1'], folder)).toEqual([20n]);
    await expect(prepare(temporaryFolder(), { csv: CSV.replace(',20\n', '\n') })).rejects.toThrow(
      /The table "orders" cannot be read:.*"orders.csv", line 3: it has 3 fields, the header has 4/s,
    );
  });
});

describe('is refused with what to do', () => {
  const twoPartitions = REGISTRY.replace('sql: orders.sql', 'sql: orders.sql\n            partitions: 2');
  it.each<[string, Files, RegExp]>([
    [
      'SQL that cannot be read',
      { sql: 'SELEC 1' },
      /SQL of source "values" of entity type "shop.customer" \(orders.sql, line 1, column 1\) cannot be read:.*syntax error/s,
    ],
    ['SQL over a table that is not there', { sql: 'SELECT * FROM nothing' }, /does not run:.*nothing/s],
    ['two statements', { sql: `${SQL}; DROP TABLE orders` }, /must be one SELECT, not 2 statements/],
    [
      'a feature without a column',
      { sql: SQL.replace('AS tags', 'AS labels') },
      /gives no column "tags". It gives: country, number, moment, total, labels/,
    ],
    [
      'a column of another type',
      { sql: SQL.replace('total,', `'ten' AS total,`) },
      /Column "total" of .* is VARCHAR, which is no INT64/,
    ],
    [
      'a time finer than a microsecond',
      { sql: SQL.replace(', moment,', ', moment::TIMESTAMP_NS AS moment,') },
      /Column "moment" of .* is TIMESTAMP_NS, which is no TIMESTAMP/,
    ],
    [
      'a time in a CSV file finer than a microsecond',
      { csv: CSV.replace('00:00:00.000001', '00:00:00.0000009') },
      /Column "moment" of the table "orders" has times finer than a microsecond, such as 2001-01-01 00:00:00.0000009/,
    ],
    [
      'such a time with a zone, late in the file',
      { csv: CSV + 'DE,1,2001-01-01 00:00:00+00,1\n'.repeat(50_000) + 'DE,1,2001-01-01T00:00:00.123456789Z,1\n' },
      /has times finer than a microsecond, such as 2001-01-01T00:00:00.123456789Z/,
    ],
    ['an array with a null inside', { sql: SQL.replace("'x'", 'NULL') }, /3 rows have a null inside the array tags/],
    [
      'an id that has no one text',
      { sql: SQL.replace('number,', 'number / 2 AS number,') },
      /id column "number" of .* is DOUBLE.*CAST it in the SQL.*columns: { id: VARCHAR }/s,
    ],
    [
      'a type of a column that is none',
      { registry: columnsOfOrders('{ number: TEXTT }') },
      /table "orders" cannot be read:.*TEXTT/s,
    ],
    [
      'a type of a column that the file does not have',
      { registry: columnsOfOrders('{ customer: VARCHAR }') },
      /table "orders" cannot be read:.*customer/s,
    ],
    ['an id without a column', { sql: SQL.replace('number,', '') }, /gives no column "number"/],
    [
      'an integer too large',
      { sql: SQL.replace('total,', '9223372036854775808 + total AS total,') },
      /could not be computed:.*out of range/s,
    ],
    [
      'partitions that the SQL does not make',
      { registry: twoPartitions },
      /does not filter by in_partition\(id_column\)/,
    ],
  ])('%s', async (_title, files, says) => {
    await expect(prepare(temporaryFolder(), files)).rejects.toThrow(says);
  });
});

it.each(['rows', 'bad_ids'])('takes an array of the name %s, and refuses a null inside it', async (name) => {
  const registry = REGISTRY.replace('tags', name);
  const sql = SQL.replace('tags', name);
  const { values, close } = await prepare(temporaryFolder(), { registry, sql });
  expect(values).toEqual([
    [20n, ['CH', 'x']],
    [5n, ['DE', 'x']],
  ]);
  await close();
  const withNull = prepare(temporaryFolder(), { registry, sql: sql.replace("'x'", 'NULL') });
  await expect(withNull).rejects.toThrow(`3 rows have a null inside the array ${name}`);
});

it('reads each of several CSV files as itself where one SELECT joins them', async () => {
  const folder = temporaryFolder();
  // As many columns as the orders have: nothing but the data tells the two files apart.
  writeFileSync(join(folder, 'rates.csv'), 'country,a,b,rate\nCH,0,0,7\nDE,0,0,100\n');
  const registry = REGISTRY.replace('timeZone: UTC }', 'timeZone: UTC }, rates: { file: rates.csv }');
  const sql = `SELECT o.country, number, moment, total * rate AS total, ['x'] AS tags FROM orders AS o JOIN rates AS r ON o.country = r.country`;
  const { values, close } = await prepare(folder, { registry, sql });
  expect(values.map(([total]) => total)).toEqual([140n, 500n]);
  await close();
});
