import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../../config/load-config.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { quoteText } from '../../../datasources/duckdb/sql-text.js';
import type { FeaturestoreInput } from '../../../datasources/registry/document/document.js';
import { startGateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { runCheck } from '../../support/run-check.js';
import { runInit } from '../../support/run-init.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ORDERS = `customer_id,ordered_at,total,channel,zip
c1,2026-01-05T09:30:00Z,19.90,web,00501
c1,2026-01-07T18:00:00Z,5.00,store,00502
c2,2026-01-06T12:15:00Z,42.50,web,12345
`;
const CUSTOMERS = `customer_id,name
c1,Ann
c2,Bob
`;

/** A folder `shop` with these files. */
function shopWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const shop = join(temporaryFolder(), 'shop');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(shop, name)), { recursive: true });
    writeFileSync(join(shop, name), content);
  }
  return shop;
}

async function writeParquet(path: string, sql: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const database = await DuckDbDatabase.open(':memory:');
  try {
    await database.use((connection) => connection.run(`COPY (${sql}) TO ${quoteText(path)} (FORMAT parquet)`));
  } finally {
    database.close();
  }
}

/** Drafts from files of the folder into the folder. */
const initIn = (shop: string, files: readonly string[], ...flags: readonly string[]): Promise<string> =>
  runInit(...files.map((file) => join(shop, file)), '--output', shop, ...flags);

const readRegistry = (shop: string): FeaturestoreInput =>
  (parse(readFileSync(join(shop, 'registry.yaml'), 'utf8')) as { featurestores: [FeaturestoreInput] }).featurestores[0];

/** Serves a draft as `featuregraph serve` does, and asks it. */
async function ask(shop: string, query: string): Promise<unknown> {
  const gateway = await startGateway({
    config: parseConfig({
      FEATUREGRAPH_REGISTRY: join(shop, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(shop, 'data-folder'),
      FEATUREGRAPH_GRAPHIQL: 'false',
      HOST: '127.0.0.1',
      PORT: '0',
    }),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
  });
  onTestFinished(() => gateway.stop());
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

describe('a draft', () => {
  it('passes the check, is served, and answers the query that init printed', async () => {
    const shop = shopWith({ 'data/orders.csv': ORDERS, 'data/customers.csv': CUSTOMERS });
    const text = await initIn(shop, ['data/*.csv']);
    expect(text).toContain('shop.customer, by customer_id\n');
    expect(await runCheck(join(shop, 'registry.yaml'), join(shop, 'data-folder'))).toMatchObject({
      text: expect.stringMatching(/No faults\.\n$/) as unknown,
      exitCode: undefined,
    });
    const query = /^ {4}(\{ shop .*)$/m.exec(text)?.[1];
    expect(query).toBe('{ shop { customer(entityId: "c1") { name } } }');
    expect(await ask(shop, query!)).toEqual({ data: { shop: { customer: { name: 'Ann' } } } });
    expect(
      await ask(
        shop,
        `{ shop { customer(entityId: "c1") { total channel zip name } before: customer(entityId: "c1", asOf: "2026-01-06T00:00:00Z") { total zip } } }`,
      ),
    ).toEqual({
      data: {
        shop: {
          customer: { total: 5, channel: 'store', zip: '00502', name: 'Ann' },
          before: { total: 19.9, zip: '00501' },
        },
      },
    });
  });

  it('has an explicit SELECT for each source, with quoted names where SQL needs them', async () => {
    const shop = shopWith({ 'orders.csv': 'customer_id,at,select,Mean Delay,user\nc1,2026-01-05T09:30:00Z,x,1.5,u\n' });
    await initIn(shop, ['orders.csv']);
    expect(readFileSync(join(shop, 'sql/orders.sql'), 'utf8').replaceAll(/^--.*\n/gm, '')).toBe(
      `SELECT
  customer_id,
  at AS event_timestamp,
  "select",
  "Mean Delay" AS mean_delay,
  "user"
FROM orders
`.replace('  at AS', '  "at" AS'),
    );
  });

  it('says which column each feature with another name is of, in the file and in the summary', async () => {
    const shop = shopWith({
      'orders.csv': 'customer_id,at,Mean Delay (3h),größe,7d,history,a_b,aB\nc1,2026-01-05T09:30:00Z,1,2,3,4,5,6\n',
    });
    const text = await initIn(shop, ['orders.csv']);
    const [entityType] = readRegistry(shop).entityTypes;
    expect(entityType!.sources[0]!.features.map(({ name }) => name)).toEqual([
      'mean_delay_3h',
      'grosse',
      'n_7d',
      'orders_history',
      'a_b',
      'orders_a_b',
    ]);
    expect(text).toContain('(column "Mean Delay (3h)")');
    expect(readFileSync(join(shop, 'registry.yaml'), 'utf8')).toContain('# column "Mean Delay (3h)"');
    expect(await ask(shop, '{ shop { customer(entityId: "c1") { grosse n7d ordersHistory aB ordersAB } } }')).toEqual({
      data: { shop: { customer: { grosse: '2', n7d: '3', ordersHistory: '4', aB: '5', ordersAB: '6' } } },
    });
  });

  it('keeps the ids and texts of text files as they are written, also when a later file looks like numbers', async () => {
    const shop = shopWith({
      'orders.csv': 'customer_id,at,code\n007,2026-01-05T09:30:00Z,1.0\nx,2026-01-05T09:30:00Z,y\n',
    });
    await initIn(shop, ['orders.csv']);
    writeFileSync(join(shop, 'orders.csv'), 'customer_id,at,code\n007,2026-01-05T09:30:00Z,1.0\n');
    expect(await ask(shop, '{ shop { customer(entityId: "007") { code } } }')).toEqual({
      data: { shop: { customer: { code: '1.0' } } },
    });
  });

  it('leaves out columns whose type no value says, with the reason', async () => {
    const shop = shopWith({
      'orders.jsonl': '{"customer_id":"c1","at":"2026-01-05T09:30:00Z","n":1,"none":null,"list":[]}\n',
    });
    const text = await initIn(shop, ['orders.jsonl']);
    expect(readRegistry(shop).entityTypes[0]!.sources[0]!.features.map(({ name }) => name)).toEqual(['n']);
    expect(text).toContain('left out: column "none": it has no value, so its type is not known');
    expect(text).toContain('left out: column "list": each of its lists is empty');
  });

  it('is of one source for files with the same columns, and of a source for each table otherwise', async () => {
    const shop = shopWith({
      'data/orders-1.csv': ORDERS,
      'data/orders-2.csv.gz': gzipSync(ORDERS.replaceAll('c1', 'c3').replaceAll('c2', 'c4')),
      'data/customers.csv': CUSTOMERS,
    });
    await initIn(shop, ['data']);
    const { tables, entityTypes } = readRegistry(shop);
    expect(
      Object.entries(tables!).map(([name, table]) => [name, typeof table === 'string' ? table : table.file]),
    ).toEqual([
      ['customers', 'data/customers.csv'],
      ['orders', 'data/orders-*'],
    ]);
    expect(entityTypes.map(({ name, sources }) => [name, sources.map((source) => source.name)])).toEqual([
      ['customer', ['customers', 'orders']],
    ]);
    expect(await ask(shop, '{ shop { customer(entityId: "c4") { total } } }')).toEqual({
      data: { shop: { customer: { total: 42.5 } } },
    });
  });

  it('refuses files of one table that no path selects alone', async () => {
    const shop = shopWith({ 'a-1.csv': ORDERS, 'a-2.csv': ORDERS, 'a-3.csv': ORDERS });
    await expect(initIn(shop, ['a-1.csv', 'a-2.csv'])).rejects.toThrow(/no folder or pattern selects exactly them/);
  });

  it('reads the folders of partitions as a column', async () => {
    const shop = shopWith({
      'orders/region=eu/a.csv': 'customer_id,at,total\nc1,2026-01-05T09:30:00Z,1\n',
      'orders/region=us/a.csv': 'customer_id,at,total\nc2,2026-01-05T09:30:00Z,2\n',
    });
    await initIn(shop, ['orders']);
    expect(await ask(shop, '{ shop { customer(entityId: "c2") { region total } } }')).toEqual({
      data: { shop: { customer: { region: 'us', total: '2' } } },
    });
  });

  it('is of the folder that is named, where its one file is only a part of the table', async () => {
    const shop = shopWith({
      'orders/day=2026-01-05/part-0.csv': 'customer,at,total\nc1,2026-01-05T09:30:00Z,1.5\n',
      'data/items.csv': 'item_id,price\ni1,2.5\n',
    });
    await initIn(shop, ['orders', 'data']);
    expect(readRegistry(shop)).toMatchObject({
      tables: { orders: { file: 'orders' }, items: { file: 'data/items.csv' } },
      entityTypes: [
        { name: 'customer', sources: [{ features: [{ name: 'total' }, { name: 'day' }] }] },
        { name: 'item' },
      ],
    });
  });

  it('makes an entity type of each table where ids are called id, and one where --entity-type says so', async () => {
    const files = { 'users.csv': 'id,name\nu1,Ann\n', 'items.csv': 'id,price\ni1,2.5\n' };
    const apart = shopWith(files);
    await initIn(apart, ['users.csv', 'items.csv']);
    expect(readRegistry(apart).entityTypes.map(({ name }) => name)).toEqual(['user', 'item']);
    const together = shopWith(files);
    await initIn(together, ['users.csv', 'items.csv'], '--entity-type', 'thing', '--featurestore', 'mine');
    expect(readRegistry(together)).toMatchObject({
      name: 'mine',
      entityTypes: [{ name: 'thing', entityIdColumns: ['id'] }],
    });
  });

  it('takes ids of several columns, and names the entity type by them', async () => {
    const shop = shopWith({ 'routes.csv': 'origin,destination,miles\nSFO,JFK,2586\n"a,b",c,1\n' });
    await initIn(shop, ['routes.csv'], '--entity-id', 'origin,destination');
    expect(
      await ask(
        shop,
        '{ shop { originDestination(entityId: "SFO,JFK") { miles } b: originDestination(entityId: "a%2Cb,c") { miles } } }',
      ),
    ).toEqual({
      data: { shop: { originDestination: { miles: '2586' }, b: { miles: '1' } } },
    });
  });

  it('declares the zone of times, the moment of dates and the unit of numbers as they are said', async () => {
    const zoned = shopWith({ 'orders.csv': ORDERS.replaceAll('T', ' ').replaceAll('Z', '') });
    await initIn(zoned, ['orders.csv'], '--time-zone', 'Europe/Zurich');
    expect(readRegistry(zoned).tables!.orders).toMatchObject({ timeZone: 'Europe/Zurich' });
    const query =
      '{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") { features(names: ["total"]) { timestamp } } }';
    const answer = (timestamp: string) => ({ data: { entity: { features: [{ timestamp }] } } });
    expect(await ask(zoned, query)).toEqual(answer('2026-01-07T17:00:00Z'));

    const daily = shopWith({ 'orders.csv': 'customer_id,day,born,total\nc1,2026-01-05,2001-02-03,1\n' });
    await initIn(daily, ['orders.csv'], '--timestamp', 'day', '--date-as-moment', 'end-of-day', '--time-zone', 'UTC');
    expect(await ask(daily, query)).toEqual(answer('2026-01-06T00:00:00Z'));
    expect(await ask(daily, '{ shop { customer(entityId: "c1") { born } } }')).toEqual({
      data: { shop: { customer: { born: '2001-02-03' } } },
    });

    const numbered = shopWith({ 'orders.csv': 'customer_id,ts,total\nc1,1767605400123,1\n' });
    await initIn(numbered, ['orders.csv'], '--timestamp', 'ts', '--timestamp-unit', 'milliseconds');
    expect(await ask(numbered, query)).toEqual(answer('2026-01-05T09:30:00.123Z'));
  });

  it('is made of Parquet too, with the dates, decimals and lists of its schema', async () => {
    const shop = shopWith({});
    await writeParquet(
      join(shop, 'daily.parquet'),
      `SELECT 'c1' AS customer_id, DATE '2026-01-05' AS day, DATE '2001-02-03' AS born, 1.50::DECIMAL(18,2) AS paid,
        12345678901234567890.12::DECIMAL(38,2) AS debt, [1, 2] AS sizes, [1, NULL] AS holes, [DATE '2026-01-01'] AS days,
        {'a': 1, 'b': 'x'} AS object, {'d': 1.50::DECIMAL(18,2), 'e': 12345678901234567890.12::DECIMAL(38,2)} AS money,
        ['nan'::DOUBLE, NULL] AS gaps, [[12345678901234567890.12::DECIMAL(38,2)]] AS nested, UUID '00000000-0000-0000-0000-000000000001' AS code, 18446744073709551615::UBIGINT AS big`,
    );
    await initIn(shop, ['daily.parquet'], '--timestamp', 'day', '--date-as-moment', 'end-of-day', '--time-zone', 'UTC');
    expect(
      await ask(
        shop,
        '{ shop { customer(entityId: "c1") { born paid debt sizes holes days object money gaps nested code big } } }',
      ),
    ).toEqual({
      data: {
        shop: {
          customer: {
            born: '2001-02-03',
            paid: 1.5,
            debt: '12345678901234567890.12',
            sizes: ['1', '2'],
            holes: '[1,null]',
            days: ['2026-01-01'],
            object: { a: 1, b: 'x' },
            money: { d: 1.5, e: '12345678901234567890.12' },
            gaps: '["NaN",null]',
            nested: '[["12345678901234567890.12"]]',
            code: '00000000-0000-0000-0000-000000000001',
            big: '18446744073709551615',
          },
        },
      },
    });
  });

  it('says that times of Parquet without a zone are UTC', async () => {
    const shop = shopWith({});
    await writeParquet(
      join(shop, 'orders.parquet'),
      `SELECT 'c1' AS customer_id, TIMESTAMP '2026-01-05 09:30:00' AS ordered_at, 1 AS total`,
    );
    await initIn(shop, ['orders.parquet']);
    expect(readFileSync(join(shop, 'registry.yaml'), 'utf8')).toContain(
      'timeZone: UTC # its times name no zone; in Parquet such times are UTC',
    );
  });
});

describe('what only the user knows', () => {
  const questionsOf = async (files: Readonly<Record<string, string>>, ...flags: string[]): Promise<string> => {
    const shop = shopWith(files);
    const message = await initIn(shop, Object.keys(files), ...flags).then(
      () => 'no question',
      (error: unknown) => (error as Error).message.replaceAll(`${shop}/`, '').replaceAll(/\S*\/shop\//g, ''),
    );
    expect(existsSync(join(shop, 'registry.yaml'))).toBe(false);
    return message;
  };

  it.each([
    [
      'times without a zone',
      ORDERS.replaceAll('Z,', ','),
      /orders\.csv", line 2, column "ordered_at": "2026-01-05T09:30:00" has no time zone\..* --time-zone UTC/,
    ],
    [
      'dates',
      'customer_id,day,total\nc1,2026-01-05,1\n',
      /--timestamp orders=day --date-as-moment end-of-day --time-zone UTC \(dates, such as "2026-01-05"\)\n +--static orders/,
    ],
    [
      'times of another form',
      'customer_id,ordered_at,total\nc1,05/01/2026 09:30,1\n',
      /--timestamp orders=ordered_at --timestamp-format '%d\/%m\/%Y %H:%M'/,
    ],
    [
      'numbers that may be times',
      'customer_id,ordered_at,total\nc1,1767605400,1\n',
      /--timestamp orders=ordered_at --timestamp-unit/,
    ],
    [
      'several times',
      'customer_id,ordered_at,paid_at,total\nc1,2026-01-05T09:30:00Z,2026-01-05T09:30:00Z,1\n',
      /--timestamp orders=ordered_at \(times.*\n +--timestamp orders=paid_at/,
    ],
    [
      'several ids',
      'customer_id,order_id,at,total\nc1,7,2026-01-05T09:30:00Z,1\n',
      /Several columns have the name of an id\. Add one of:\n +--entity-id orders=customer_id\n +--entity-id orders=order_id\n/,
    ],
    [
      'no id',
      'who,at,total\nc1,2026-01-05T09:30:00Z,1\n',
      /No column has the name of an id\. Add one of:\n +--entity-id orders=who\n/,
    ],
    [
      'an id that rows without a time repeat',
      'customer_id,total\nc1,1\nc1,2\n',
      /2 rows with one customer_id, such as "c1".*--timestamp orders=COLUMN/,
    ],
    ['nothing but an id', 'customer_id\nc1\n', /no column can be a feature/],
  ])('is asked of %s, with the option to add', async (_, csv, message) => {
    expect(await questionsOf({ 'orders.csv': csv })).toMatch(message);
  });

  it('is asked of all tables at once', async () => {
    const text = await questionsOf({
      'orders.csv': 'who,at,total\nc1,2026-01-05T09:30:00,1\n',
      'b.csv': 'customer_id,day,x\nc,2026-01-05,1\n',
    });
    expect(text.match(/^ {2}- /gm)).toHaveLength(3);
  });

  it('is refused where an option names what no table has', async () => {
    expect(await questionsOf({ 'orders.csv': ORDERS }, '--entity-id', 'client')).toMatch(
      /--entity-id "client": no table has such columns.* customer_id, ordered_at/,
    );
    expect(await questionsOf({ 'orders.csv': ORDERS }, '--timestamp', 'orders=when')).toMatch(/no columns "when"/);
    expect(await questionsOf({ 'orders.csv': ORDERS }, '--static', 'clients')).toMatch(
      /"clients"\. The tables are: orders/,
    );
    expect(await questionsOf({ 'orders.csv': ORDERS }, '--featurestore', 'entity')).toMatch(
      /--featurestore "entity".*already/,
    );
    expect(await questionsOf({ 'orders.csv': ORDERS }, '--featurestore', 'My Shop')).toMatch(/my_shop is one/);
    expect(await questionsOf({ 'orders.csv': ORDERS }, '--format', 'xml')).toBe(
      '--format is one of: parquet, csv, jsonl.',
    );
    expect(await questionsOf({ 'orders.csv': ORDERS }, '--time-zone', 'Mars')).toMatch(
      /--time-zone: it is not a time zone/,
    );
  });
});

it('never overwrites a file, and writes none beside one that is there', async () => {
  const shop = shopWith({ 'orders.csv': ORDERS, 'sql/orders.sql': 'SELECT mine' });
  await expect(initIn(shop, ['orders.csv'])).rejects.toThrow(/sql\/orders\.sql is there already\n.*--output/);
  expect(readdirSync(shop).toSorted()).toEqual(['orders.csv', 'sql']);
  expect(readFileSync(join(shop, 'sql/orders.sql'), 'utf8')).toBe('SELECT mine');

  const other = shopWith({ 'orders.csv': ORDERS });
  await initIn(other, ['orders.csv']);
  const before = readFileSync(join(other, 'registry.yaml'), 'utf8');
  await expect(initIn(other, ['orders.csv'])).rejects.toThrow(/registry\.yaml is there already/);
  expect(readFileSync(join(other, 'registry.yaml'), 'utf8')).toBe(before);
});

it('names the file, the line and what to do about a file that cannot be read', async () => {
  await expect(initIn(shopWith({ 'a.csv': `${ORDERS}c9,x\n` }), ['a.csv'])).rejects.toThrow(/a\.csv", line 5: /);
  await expect(initIn(shopWith({ 'a.csv': 'customer_id,total\n' }), ['a.csv'])).rejects.toThrow(/it has no rows/);
  await expect(initIn(shopWith({ 'a.csv': ORDERS.replaceAll(',', ';') }), ['a.csv'])).rejects.toThrow(
    /a\.csv", line 1: its header is one column.* --delimiter ';'/,
  );
  await expect(initIn(shopWith({ 'a.json': '[{"customer_id":"c1"}]' }), ['a.json'])).rejects.toThrow(
    /a\.json", line 1: it is a list.*Each row is one JSON object on a line of its own/,
  );
  await expect(initIn(shopWith({ 'a.dat': ORDERS }), ['a.dat'])).rejects.toThrow(/--format/);
  await expect(initIn(shopWith({}), ['none.csv'])).rejects.toThrow(/There is no file ".*none\.csv"/);
  await expect(initIn(shopWith({ 'a.parquet': 'PAR' }), ['a.parquet'])).rejects.toThrow(/not a Parquet file/);
});

it('takes the options of files, each for the formats that have it', async () => {
  const shop = shopWith({ 'orders.csv': 'customer_id;at;total\nc1;2026-01-05T09:30:00Z;1,5\n' });
  await writeParquet(join(shop, 'people.parquet'), `SELECT 'c1' AS customer_id, 'Ann' AS name`);
  await initIn(shop, ['orders.csv', 'people.parquet'], '--delimiter', ';', '--decimal', ',');
  expect(await ask(shop, '{ shop { customer(entityId: "c1") { total name } } }')).toEqual({
    data: { shop: { customer: { total: 1.5, name: 'Ann' } } },
  });
});

it('leaves nothing in the folder for temporary files', async () => {
  const shop = shopWith({ 'orders.csv': ORDERS });
  await initIn(shop, ['orders.csv']);
  expect(execFileSync('ls', [shop], { encoding: 'utf8' })).toBe('orders.csv\nregistry.yaml\nsql\n');
});
