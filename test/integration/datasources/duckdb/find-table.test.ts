import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../../datasources/duckdb/database.js';
import { findTable } from '../../../../datasources/duckdb/find-table.js';
import { DuckDbOfflineStore } from '../../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { testEntityType } from '../../../support/test-registry.js';

let database: DuckDbDatabase;

beforeEach(async () => {
  database = await DuckDbDatabase.open(':memory:');
  const entityType = testEntityType({ name: 'thing', sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] });
  await DuckDbOfflineStore.open(database, entityType.sources);
  await run('CREATE TABLE t AS SELECT 1 AS one');
  await run('CREATE VIEW v AS SELECT 2 AS two');
  await run('CREATE SCHEMA labels');
  await run('CREATE TABLE labels.june AS SELECT 3 AS three');
  await run('CREATE VIEW labels.july AS SELECT 4 AS four');
  await run(`CREATE TABLE labels."odd "".name" AS SELECT 5 AS five`);
});

afterEach(() => database.close());

const run = (sql: string) => database.use((connection) => connection.runAndReadAll(sql));
const find = (name: string) => database.use((connection) => findTable(connection, name, 'input.table'));
const refusal = (name: string): Promise<unknown> =>
  find(name).then(
    (sql) => `found ${sql}`,
    (error: unknown) => error,
  );

describe('a table of the offline store by name', () => {
  it.each([
    ['t', 1],
    ['main.t', 1],
    ['v', 2],
    ['main.v', 2],
    ['labels.june', 3],
    ['labels.july', 4],
    ['labels.odd ".name', 5],
  ])('%s is found, be it a table or a view', async (name, content) => {
    const rows = (await run(`SELECT * FROM ${await find(name)}`)).getRows();
    expect(rows).toEqual([[content]]);
  });

  it('is never one of the gateway’s own, one of DuckDB’s, or one beside the store', async () => {
    await run(`ATTACH ':memory:' AS "job 1"`);
    await run('CREATE TABLE "job 1".labels AS SELECT 1');
    const hidden = (
      await run(
        `SELECT database_name, schema_name, table_name FROM duckdb_tables() UNION ALL
         SELECT database_name, schema_name, view_name FROM duckdb_views() UNION ALL
         SELECT database_name, schema_name, function_name FROM duckdb_functions() WHERE function_type = 'table'`,
      )
    )
      .getRows()
      .map((row) => row.map(String))
      .filter(([store, schema]) => store !== 'memory' || ['$featuregraph', 'information_schema'].includes(schema!));
    // Among them the notes of imports, information_schema, duckdb_tables and read_csv.
    expect(hidden.map((row) => row.slice(1).join('.'))).toEqual(
      expect.arrayContaining([
        '$featuregraph.imports',
        'information_schema.tables',
        'main.duckdb_tables',
        'main.read_csv',
        'main.labels',
      ]),
    );
    const spellings = (schema: string, table: string) => [table, `${schema}.${table}`, `"${schema}".${table}`];
    for (const [store, schema, table] of hidden) {
      for (const name of spellings(schema!, table!).flatMap((text) => [text, `${store}.${text}`])) {
        expect(await refusal(name), name).toMatchObject({ code: 'TABLE_NOT_FOUND', details: { field: 'input.table' } });
      }
    }
  });

  it.each(['', '.', 't;', 'T', '"t"', 'labels', 'labels.', 'memory.main.t', 'july', "read_csv('/etc/passwd')", '$1'])(
    'is none of the name %j',
    async (name) => {
      expect(await refusal(name)).toMatchObject({ code: 'TABLE_NOT_FOUND' });
    },
  );

  it('says which tables there are, and none of its own', async () => {
    const { message } = (await refusal('none')) as Error;
    expect(message).toContain('It has: labels.july, labels.june, labels.odd ".name, t, v, ');
    expect(message).not.toContain('$');
  });

  it('is refused when two tables have the name', async () => {
    await run('CREATE TABLE "labels.june" AS SELECT 6 AS six');
    expect(await refusal('labels.june')).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'input.table' } });
  });
});
