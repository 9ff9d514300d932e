import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { exactTextSql, fromExactTextSql } from '../../datasources/duckdb/exact-text.js';
import { interruptOnAbort } from '../../datasources/duckdb/interrupt-on-abort.js';
import { quoteIdentifier, quoteText } from '../../datasources/duckdb/sql-text.js';
import { isWritable } from '../../datasources/duckdb/writable-types.js';
import { syncFile } from '../../runtime/sync-file.js';
import type { OwnColumn } from './source-columns.js';

/** A copy of a table that later writes do not change. */
export interface TableSnapshot {
  readonly path: string;
  readonly columns: readonly OwnColumn[];
}

/** The types of columns that the copy has as text, since Parquet would change their values. */
const TEXTS_FILE = 'input.json';

/**
 * Copies a table, once: after a restart, the job continues with the same rows in the same order, and the offline store
 * stays free for others.
 */
export async function snapshotTable(
  offline: DuckDbDatabase,
  scratch: DuckDBConnection,
  { relation, folder, signal }: { readonly relation: string; readonly folder: string; readonly signal: AbortSignal },
): Promise<TableSnapshot> {
  const path = join(folder, 'input.parquet');
  await mkdir(folder, { recursive: true });
  if (!(await isThere(path))) {
    await offline.use((connection) =>
      interruptOnAbort(connection, signal, () => copyTable(connection, relation, folder, path)),
    );
  }
  const texts = await readTexts(folder);
  const columns = await describeRelation(scratch, `read_parquet(${quoteText(path)})`);
  return { path, columns: columns.map((column) => fromCopy(column, texts)) };
}

/** The columns of a relation. */
export async function describeRelation(connection: DuckDBConnection, relation: string): Promise<OwnColumn[]> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation}`);
  return described
    .getRowObjects()
    .map(({ column_name: name, column_type: type }) => ({ name: String(name), type: String(type) }));
}

async function copyTable(connection: DuckDBConnection, relation: string, folder: string, path: string): Promise<void> {
  const columns = await describeRelation(connection, relation);
  const texts = columns.filter(({ type }) => !isWritable(type, 'PARQUET'));
  await writeFile(
    join(folder, TEXTS_FILE),
    JSON.stringify(Object.fromEntries(texts.map(({ name, type }) => [name, type]))),
    { flush: true },
  );
  const select = columns.map((column) => {
    const own = quoteIdentifier(column.name);
    return texts.includes(column) ? `${exactTextSql(own, column.type)} AS ${own}` : own;
  });
  const temporary = `${path}.tmp`;
  await connection.run(
    `COPY (SELECT ${select.join(', ')} FROM ${relation}) TO ${quoteText(temporary)} (FORMAT parquet)`,
  );
  await syncFile(temporary);
  await rename(temporary, path);
  await syncFile(folder);
}

/** A copy of an older version has no such file, and no texts. */
async function readTexts(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(folder, TEXTS_FILE), 'utf8').catch(() => '{}');
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}

function fromCopy(column: OwnColumn, texts: ReadonlyMap<string, string>): OwnColumn {
  const type = texts.get(column.name);
  if (type === undefined) return column;
  return { name: column.name, type, value: fromExactTextSql(quoteIdentifier(column.name), type) };
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
