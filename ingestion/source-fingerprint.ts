import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { findNamedFiles } from '../datasources/files/named-files.js';
import type { FeatureSource, TableFile } from '../datasources/registry/model.js';
import { listReadTables } from '../datasources/registry/read-tables.js';

/**
 * Increase this number when the way that values are computed or stored changes, so that every data folder is prepared
 * again.
 */
const STORAGE_FORMAT = 4;

/** Files up to this size count by their content, so that a reinstalled package counts as unchanged. */
const MAX_HASHED_BYTES = 100 * 1024 * 1024;

/**
 * Changes when any input of a source's computation changes: of the files, only those of the tables that its SQL reads
 * count.
 */
export async function sourceFingerprint(source: FeatureSource): Promise<string> {
  const { entityType } = source;
  const files = listReadTables(source).map(async ([name, table]) => [
    name,
    await tableFingerprint(table),
    table.format,
    Object.entries(table.options).filter(([option]) => option !== 'columns'),
    [...(table.options.columns ?? [])],
  ]);
  const facts = {
    storageFormat: STORAGE_FORMAT,
    entityIdColumns: entityType.entityIdColumns,
    sql: source.sql,
    partitions: source.partitions,
    columns: [source.timestampColumn, source.createdTimestampColumn, source.sequenceColumn],
    features: source.features.map(({ name, valueType }) => [name, valueType]),
    files: await Promise.all(files),
  };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

/** Covers every file of the table, so that an added or removed file changes it too. */
async function tableFingerprint({ path, name, format }: TableFile): Promise<(readonly [string, string])[]> {
  const found = await findNamedFiles(path, name, { format, within: null });
  const fingerprints: (readonly [string, string])[] = [];
  for (const file of found?.files ?? []) fingerprints.push([file.name, await fileFingerprint(file.path)]);
  return fingerprints;
}

async function fileFingerprint(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  if (size > MAX_HASHED_BYTES) return `${size} ${mtimeMs}`;
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
