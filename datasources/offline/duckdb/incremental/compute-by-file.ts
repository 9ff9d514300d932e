import type { DuckDBConnection } from '@duckdb/node-api';
import { createComputedTable } from '../../../duckdb/history-table.js';
import type { FileReader } from '../../../files/file-reader.js';
import type { FeatureSource } from '../../../registry/model.js';
import { bindSource } from '../bind-source.js';
import { countReadRows, insertComputed } from '../import-source.js';

/** The temporary table with computed rows that are not stored yet. */
export const COMPUTED = '"$computed"';

/**
 * Computes files of the declared table into COMPUTED, each as if the table had no other file. Returns the rows that were
 * read.
 */
export async function computeByFile(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  files: readonly string[],
  onProgress: (share: number) => void,
): Promise<bigint> {
  await createComputedTable(connection, source, COMPUTED);
  let rowsRead = 0n;
  for (const [index, file] of files.entries()) {
    onProgress(index / files.length);
    await using folder = await reader.createFolder();
    const only = { table: source.incremental!.table, files: new Set([file]) };
    const bound = await bindSource(connection, source, reader, folder, only);
    rowsRead += await countReadRows(connection, source);
    await insertComputed(connection, source, bound, { into: COMPUTED, file });
  }
  return rowsRead;
}
