import type { DuckDBConnection } from '@duckdb/node-api';
import pRetry from 'p-retry';
import { badInput } from '../../errors/app-error.js';
import { quoteIdentifier } from './sql-text.js';

const TABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

/**
 * The name of a table that a job creates in the offline store: the requested one, or one after the job. Its comment is
 * the job's id, by which a resumed job recognizes a table that it created before.
 */
export function jobTableName(asked: string | null, jobId: string): string {
  const name = asked ?? `job_${jobId.replaceAll('-', '_')}`;
  if (TABLE_NAME.test(name)) return name;
  throw badInput(
    `"${name}" is not a name for a table: use at most 63 letters, digits and underscores, beginning with a letter.`,
    'output.location',
  );
}

/**
 * This runs outside the transaction that creates a table: inside it, two jobs with different tables would conflict in
 * the schema. Two calls that both create the schema also conflict, so this retries.
 */
export async function ensureSchema(connection: DuckDBConnection, schema: string): Promise<void> {
  const create = () => connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
  await pRetry(create, { retries: 10, minTimeout: 5, shouldRetry: ({ error }) => isTableConflict(error) });
}

/** The comment of a table, by its name in any case; undefined: no table has the name. */
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

/** Two transactions create the same object: DuckDB commits the first one. */
export function isTableConflict(error: unknown): boolean {
  return error instanceof Error && /write-write conflict|already exists/i.test(error.message);
}
