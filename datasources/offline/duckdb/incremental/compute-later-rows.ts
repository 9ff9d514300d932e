import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../../errors/operator-error.js';
import { createComputedTable } from '../../../duckdb/history-table.js';
import type { FileReader } from '../../../files/file-reader.js';
import type { FeatureSource } from '../../../registry/model.js';
import type { FullRefreshReason } from '../../importing-offline-store.js';
import { bindSource } from '../bind-source.js';
import { countReadRows, insertComputed } from '../import-source.js';
import { COMPUTED } from './compute-by-file.js';
import type { FileChanges } from './find-changes.js';
import { NO_ROWS, type FileContent, type IncrementState } from './increment-state.js';
import { describeContent, readContent, type ReadContent } from './read-content.js';

/** The later rows are in COMPUTED. */
export interface LaterRows {
  readonly rowsRead: bigint;
  /** The content of each file that was read, by name. */
  readonly contents: ReadonlyMap<string, FileContent>;
  readonly watermark: bigint;
}

/**
 * Computes the rows after the watermark. First it looks whether the files are as declared: of each changed file, the rows
 * up to the watermark are those of before, and a new file has none. Otherwise it returns why the whole SQL must run.
 */
export async function computeLaterRows(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  state: IncrementState,
  { computed }: FileChanges,
): Promise<LaterRows | FullRefreshReason> {
  const watermark = BigInt(state.watermark!);
  const before = new Map(state.files.map(({ name, content }) => [name, content]));
  const columns = state.files[0]?.content?.columns;
  const contents = new Map<string, FileContent>();
  let newest = watermark;
  let rowsRead = 0n;
  const check = (file: string, read: ReadContent): FullRefreshReason | null => {
    if (read.content.columns !== columns) return 'COLUMNS_CHANGED';
    const { rows, checksum } = before.get(file) ?? NO_ROWS;
    if (read.upTo.rows !== rows || read.upTo.checksum !== checksum) return 'OLDER_ROWS_CHANGED';
    contents.set(file, read.content);
    if (read.newest !== null && read.newest > newest) newest = read.newest;
    return null;
  };
  await createComputedTable(connection, source, COMPUTED);
  try {
    let isRowWise = true;
    for (const file of computed) {
      await using folder = await reader.createFolder();
      const only = { table: source.incremental!.table, files: new Set([file]) };
      const bound = await bindSource(connection, source, reader, folder, only);
      const why = check(file, await describeContent(connection, source, watermark));
      if (why !== null) return why;
      ({ isRowWise } = bound);
      if (!isRowWise) continue;
      rowsRead += await countReadRows(connection, source);
      await insertComputed(connection, source, bound, { into: COMPUTED, after: watermark });
    }
    if (!isRowWise) {
      // A window looks back at rows of all files.
      await using folder = await reader.createFolder();
      const bound = await bindSource(connection, source, reader, folder);
      rowsRead += await countReadRows(connection, source);
      await insertComputed(connection, source, bound, { into: COMPUTED, after: watermark });
    }
  } catch (error) {
    // A file that lost a column, or has text where a number was: the whole SQL gives the values or the whole fault.
    if (error instanceof OperatorError) return 'COLUMNS_CHANGED';
    throw error;
  }
  return { rowsRead, contents, watermark: newest };
}

/** What an import of the whole SQL leaves for the next one; null: the files do not fit the declaration. */
export async function readContents(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  files: readonly string[],
): Promise<{ readonly contents: ReadonlyMap<string, FileContent>; readonly watermark: bigint } | null> {
  const contents = new Map<string, FileContent>();
  let watermark: bigint | null = null;
  try {
    for (const file of files) {
      const { content, newest } = await readContent(connection, source, reader, file, null);
      contents.set(file, content);
      if (newest !== null && (watermark === null || newest > watermark)) watermark = newest;
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return null;
  }
  const columns = new Set(Array.from(contents.values(), (content) => content.columns));
  return watermark === null || columns.size !== 1 ? null : { contents, watermark };
}
