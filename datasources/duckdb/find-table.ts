import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError, badInput } from '../../errors/app-error.js';
import { quoteIdentifier } from './sql-text.js';

/** The prefix of schemas with the gateway's own records. No name of a registry begins with it. */
const INTERNAL_PREFIX = '$';
const DEFAULT_SCHEMA = 'main';

/** The maximum number of tables that a message names. */
const MAX_NAMED_TABLES = 30;

/**
 * The SQL name of a table or view of the offline store, from a client's name: `table` in the schema main, or
 * `schema.table`. Only names that DuckDB lists enter a query. It excludes the gateway's own tables, those of DuckDB
 * (information_schema, duckdb_tables), and those of a job's database that is attached beside the store.
 */
export async function findTable(connection: DuckDBConnection, name: string, field: string): Promise<string> {
  const tables = await listTables(connection);
  const [table, other] = tables.filter(
    ({ schema, table }) => name === `${schema}.${table}` || (schema === DEFAULT_SCHEMA && name === table),
  );
  if (!table) {
    // The tables that jobs made are left out: a client need not know the jobs of others.
    const named = tables.filter(({ isOfJob }) => !isOfJob);
    const names = named.slice(0, MAX_NAMED_TABLES).map(displayName);
    const known = names.length === 0 ? 'It has none.' : `It has: ${names.join(', ')}.`;
    throw new AppError(
      'TABLE_NOT_FOUND',
      `The offline store has no table "${name}". Name it as table or schema.table. ${known}`,
      { field },
    );
  }
  if (other) throw badInput(`"${name}" is the name of two tables. Rename one of them.`, field);
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.table)}`;
}

interface ListedTable {
  readonly schema: string;
  readonly table: string;
  /** Made by a job, whose id is its comment. */
  readonly isOfJob: boolean;
}

async function listTables(connection: DuckDBConnection): Promise<ListedTable[]> {
  const listed = await connection.runAndReadAll(
    `SELECT schema_name, table_name, comment IS NOT NULL FROM (
       SELECT database_name, schema_name, table_name, internal, comment FROM duckdb_tables()
       UNION ALL
       SELECT database_name, schema_name, view_name, internal, comment FROM duckdb_views())
     WHERE database_name = current_database() AND NOT internal AND NOT starts_with(schema_name, $1) ORDER BY ALL`,
    [INTERNAL_PREFIX],
  );
  return listed.getRows().map(([schema, table, isOfJob]) => ({
    schema: String(schema),
    table: String(table),
    isOfJob: isOfJob === true,
  }));
}

function displayName({ schema, table }: Pick<ListedTable, 'schema' | 'table'>): string {
  return schema === DEFAULT_SCHEMA ? table : `${schema}.${table}`;
}
