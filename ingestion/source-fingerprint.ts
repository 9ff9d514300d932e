import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { FeatureSource } from '../datasources/registry/model.js';

/** Raised when the way values are computed or stored changes, so that every data folder is prepared anew. */
const STORAGE_FORMAT = 3;

/** Files up to this size count by their content, so that a reinstalled package is seen to be the same. */
const MAX_HASHED_BYTES = 100 * 1024 * 1024;

/** Changes when anything changes that the values of a source are computed from. */
export async function sourceFingerprint(source: FeatureSource): Promise<string> {
  const { entityType } = source;
  const files = [...entityType.featurestore.tables].map(async ([name, { path, columnTypes }]) => [
    name,
    await fileFingerprint(path),
    ...columnTypes,
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

async function fileFingerprint(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  if (size > MAX_HASHED_BYTES) return `${size} ${mtimeMs}`;
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
