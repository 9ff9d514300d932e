import type { DuckDBConnection } from '@duckdb/node-api';
import pRetry from 'p-retry';
import { badInput } from '../../errors/app-error.js';
import { quoteIdentifier } from './sql-text.js';

const TABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

/**
 * The name of a table that a job makes in the offline store: the one asked for, if it is one, or one after the job. Its
 * comment is the job's id: one that is taken up after its table was made finds that it is its own.
 */
export function jobTableName(asked: string | null, jobId: string): string {
  const name = asked ?? `job_${jobId.replaceAll('-', '_')}`;
  if (TABLE_NAME.test(name)) return name;
  throw badInput(
    `"${name}" is no name for a table: letters, digits and underscores, at most 63, a letter first.`,
    'output.location',
  );
}

/** Not in the transaction that makes a table: two jobs of different tables would collide in it. Nor do two that both make it. */
export async function ensureSchema(connection: DuckDBConnection, schema: string): Promise<void> {
  const create = () => connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
  await pRetry(create, { retries: 10, minTimeout: 5, shouldRetry: ({ error }) => isTableConflict(error) });
}

/** The comment of a table, by its name in whatever case; undefined: there is none of the name. */
export async function readTableComment(
  connection: DuckDBConnection,
  schema: string,
  name: string,
): Promise<string | null | undefined> {
  const found = await connection.runAndReadAll(
    `SELECT comment FROM duckdb_tables()
     WHERE database_name = current_database() AND schema_name = $1 AND lower(table_name) = lower($2)`,
    [schema, name],
  );
  return found.getRows()[0]?.[0] as string | null | undefined;
}

/** Two transactions that make one thing: DuckDB lets the first have it. */
export function isTableConflict(error: unknown): boolean {
  return error instanceof Error && /write-write conflict|already exists/i.test(error.message);
}
