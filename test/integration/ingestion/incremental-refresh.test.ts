import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileReader } from '../../../datasources/files/file-reader.js';
import { checkSource } from '../../../datasources/offline/duckdb/check-source.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { collect } from '../../support/collect.js';
import { MovingSource, type Order } from '../../support/moving-source.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

let reader: FileReader;
beforeAll(async () => {
  reader = await FileReader.open(mkdtempSync(join(tmpdir(), 'featuregraph-incremental-')));
});
afterAll(() => reader[Symbol.asyncDispose]());

const order = (id: string, second: number, total: number): Order => ({ id, second, total });
const OLD = [order('a', 10, 1), order('b', 20, 2)];

async function start(incremental: string) {
  const source = new MovingSource({ folder: temporaryFolder(), reader, incremental, dense: false });
  const first = await source.refresh(
    new Map([
      ['a', OLD],
      ['b', [order('a', 30, 3)]],
    ]),
  );
  return { source, first: first.imported };
}

describe('a source that is computed file by file', () => {
  it('reads only the files that changed, and drops the rows of one that is gone', async () => {
    const { source, first } = await start('{ table: orders }');
    expect(first).toMatchObject({ fullRefreshReason: 'OTHER_INPUT_CHANGED', rowsRead: 3n, rowsComputed: 3n });
    const files = new Map([
      ['a', OLD],
      ['b', [order('a', 30, 3)]],
      ['c', [order('c', 5, 9)]],
    ]);
    const added = await source.refresh(files);
    expect(added.imported).toMatchObject({ fullRefreshReason: null, rowsRead: 1n, rowsComputed: 1n, rows: 4n });
    files.delete('b');
    const removed = await source.refresh(files);
    expect(removed.imported).toMatchObject({ fullRefreshReason: null, rowsRead: 0n, rowsComputed: 0n, rows: 3n });
    expect(removed).toMatchObject(await source.expected(files));
  });

  it('keeps the order of files for rows of one entity and time, also when the earlier file is computed later', async () => {
    const { source } = await start('{ table: orders }');
    const files = new Map([
      ['a', [...OLD, order('a', 30, 99)]],
      ['b', [order('a', 30, 3)]],
    ]);
    const refreshed = await source.refresh(files);
    expect(refreshed.imported).toMatchObject({ fullRefreshReason: null, hasTies: true });
    expect(refreshed).toMatchObject(await source.expected(files));
  });
});

describe('a source with a watermark', () => {
  const WATERMARK = '{ table: orders, watermarkColumn: moment }';

  it('computes the later rows of the changed files alone', async () => {
    const { source } = await start(WATERMARK);
    const grown = await source.refresh(
      new Map([
        ['a', OLD],
        ['b', [order('a', 30, 3), order('b', 31, 4)]],
      ]),
    );
    expect(grown.imported).toMatchObject({ fullRefreshReason: null, rowsRead: 2n, rowsComputed: 1n, rows: 4n });
  });

  it.each<[string, string, [string, Order[]][]]>([
    [
      'an older row in a new file',
      'OLDER_ROWS_CHANGED',
      [
        ['a', OLD],
        ['b', [order('a', 30, 3)]],
        ['c', [order('c', 29, 1)]],
      ],
    ],
    [
      'a row of the time of the watermark',
      'OLDER_ROWS_CHANGED',
      [
        ['a', OLD],
        ['b', [order('a', 30, 3), order('c', 30, 1)]],
      ],
    ],
    [
      'another value in an older row',
      'OLDER_ROWS_CHANGED',
      [
        ['a', [order('a', 10, 7), OLD[1]!]],
        ['b', [order('a', 30, 3)]],
      ],
    ],
    [
      'an older row that is gone',
      'OLDER_ROWS_CHANGED',
      [
        ['a', [OLD[0]!]],
        ['b', [order('a', 30, 3)]],
      ],
    ],
    ['a file that is gone', 'FILE_REMOVED', [['b', [order('a', 30, 3)]]]],
  ])('notices %s, and computes the whole', async (_what, fullRefreshReason, files) => {
    const { source } = await start(WATERMARK);
    const refreshed = await source.refresh(new Map(files));
    expect(refreshed.imported).toMatchObject({ fullRefreshReason });
    expect(refreshed).toMatchObject(await source.expected(new Map(files)));
  });

  it('computes the whole once when a file changes during the computation', async () => {
    const { source } = await start(WATERMARK);
    const files = new Map([
      ['a', OLD],
      ['b', [order('a', 30, 3), order('b', 31, 4)]],
    ]);
    // As after such an import: it stores no state for the next one.
    await source.use((database) => database.use((c) => c.run('UPDATE "$featuregraph".imports SET increment = NULL')));
    expect((await source.refresh(files)).imported).toMatchObject({ fullRefreshReason: 'OTHER_INPUT_CHANGED' });
    files.set('b', [...files.get('b')!, order('b', 40, 5)]);
    expect((await source.refresh(files)).imported).toMatchObject({ fullRefreshReason: null });
  });
});

describe('the check of SQL with a watermark', () => {
  const REGISTRY = (columns: string) => `featurestores:
  - name: shop
    tables:
      orders: { file: orders.csv, timeZone: UTC${columns} }
      rates: { file: rates.csv }
    entityTypes:
      - name: customer
        entityIdColumns: [id]
        sources:
          - sql: orders.sql
            timestampColumn: moment
            incremental: { table: orders, watermarkColumn: moment }
            features: [{ name: x, valueType: INT64 }]
`;
  const TYPED = ', columns: { id: VARCHAR, moment: TIMESTAMP, total: BIGINT }';

  async function check(sql: string, columns = TYPED) {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'registry.yaml'), REGISTRY(columns));
    writeFileSync(join(folder, 'orders.csv'), 'id,moment,total\na,2001-01-01 00:00:00,1\n');
    writeFileSync(join(folder, 'rates.csv'), 'id,rate\na,2\n');
    writeFileSync(join(folder, 'orders.sql'), sql);
    const registry = await loadRegistry(join(folder, 'registry.yaml'));
    const findings = await collect(checkSource(registry.entityType('shop', 'customer').sources[0]!, reader));
    return findings.filter(({ status }) => status === 'fault').map(({ message }) => message);
  }

  it.each([
    'SELECT id, moment, total AS x FROM orders',
    'SELECT *, total AS x FROM orders WHERE total > 0 ORDER BY total',
    'SELECT o.id, o.moment AS moment, total * rate AS x FROM orders AS o LEFT JOIN rates AS r ON o.id = r.id',
    'SELECT orders.id, moment, rate AS x FROM rates JOIN orders USING (id)',
    'SELECT id, moment, count(*) OVER (PARTITION BY id ORDER BY moment) AS x FROM orders',
    'SELECT id, moment, sum(total) OVER w::BIGINT AS x FROM orders WINDOW w AS (PARTITION BY id ORDER BY moment, total ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)',
    'SELECT id, moment, lag(total, 2) OVER (PARTITION BY id ORDER BY moment) AS x FROM orders',
    'WITH best AS (SELECT id, max(rate) AS rate FROM rates GROUP BY id) SELECT o.id, moment, b.rate AS x FROM orders o LEFT JOIN best b ON b.id = o.id',
    'SELECT id, moment, (SELECT max(rate) FROM rates WHERE rates.id = orders.id) AS x FROM orders',
  ])('accepts SQL whose rows stay as they are: %s', async (sql) => {
    expect(await check(sql)).toEqual([]);
  });

  it.each([
    ['GROUP BY', 'SELECT id, moment, count(*) AS x FROM orders GROUP BY ALL'],
    ['aggregate', 'SELECT any_value(id) AS id, any_value(moment) AS moment, count(*) AS x FROM orders'],
    ['sees later rows', 'SELECT id, moment, lead(total) OVER (PARTITION BY id ORDER BY moment) AS x FROM orders'],
    ['offset', 'SELECT id, moment, lag(total, -1) OVER (PARTITION BY id ORDER BY moment) AS x FROM orders'],
    ['not ordered', 'SELECT id, moment, count(*) OVER (PARTITION BY id) AS x FROM orders'],
    ['not ordered', 'SELECT id, moment, row_number() OVER (PARTITION BY id ORDER BY moment DESC) AS x FROM orders'],
    ['not ordered', 'SELECT id, moment, sum(total) OVER (PARTITION BY id ORDER BY total)::BIGINT AS x FROM orders'],
    [
      'end at the present row',
      'SELECT id, moment, count(*) OVER (ORDER BY moment ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS x FROM orders',
    ],
    ['reads "orders" 2 times', 'SELECT id, moment, (SELECT count(*) FROM orders) AS x FROM orders'],
    [
      'reads "orders" 2 times',
      'WITH o AS (SELECT * FROM orders) SELECT o.id, o.moment, 1 AS x FROM o JOIN orders USING (id, moment)',
    ],
    ['on the kept side', 'SELECT o.id, o.moment, 1 AS x FROM rates LEFT JOIN orders o ON o.id = rates.id'],
    ['not the column "moment"', 'SELECT id, moment + INTERVAL 1 HOUR AS moment, total AS x FROM orders'],
    [
      'not the column "moment"',
      'SELECT id, max(moment) OVER (PARTITION BY id ORDER BY moment) AS moment, total AS x FROM orders',
    ],
    ['DISTINCT', 'SELECT DISTINCT ON (id) id, moment, total AS x FROM orders'],
    ['LIMIT', 'SELECT id, moment, total AS x FROM orders LIMIT 5'],
    ['UNION', 'SELECT id, moment, total AS x FROM orders UNION ALL SELECT id, moment, total FROM orders'],
    ['another value at each run', 'SELECT id, moment, CAST(random() * 9 AS BIGINT) AS x FROM orders'],
    ['another value at each run', 'SELECT id, moment, total AS x FROM orders WHERE moment < now()'],
    ['sample', 'SELECT id, moment, total AS x FROM orders USING SAMPLE 1'],
    ['query_table', `SELECT id, moment, total AS x FROM orders, query_table('orders') AS q(a, b, c)`],
  ])('refuses SQL whose rows later rows could change (%s)', async (reason, sql) => {
    expect((await check(sql)).join('\n')).toContain(reason);
  });

  it('refuses text whose types the registry does not say', async () => {
    expect((await check('SELECT id, moment, total AS x FROM orders', ', columns: { id: VARCHAR }')).join()).toContain(
      'moment, total',
    );
  });
});
