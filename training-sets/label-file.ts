import type { DataFiles } from '../datasources/files/data-files.js';
import { toAppError } from '../datasources/files/file-fault.js';
import { checkOptions } from '../datasources/files/file-options.js';
import type { NamedFiles } from '../datasources/files/named-files.js';
import { readParquetFiles } from '../datasources/files/read-parquet-files.js';
import { namedColumnsSql, readTextFiles } from '../datasources/files/read-text-files.js';
import { fetchSharedFile } from '../datasources/shared-files/fetch-shared-file.js';
import type { SharedFiles } from '../datasources/shared-files/shared-files.js';
import { FILE_LIMITS } from '../limits/file-limits.js';
import type { LabelRelation } from './label-columns.js';
import type { LabelSource, TrainingSetRequest } from './training-sets.js';
import type { WorkDatabase } from './work-database.js';

/** Where the files of labels are. */
export interface LabelFiles {
  readonly files: DataFiles;
  /** Where several gateways share their jobs: a label's file is here, and not in `files`. */
  readonly shared?: { readonly files: SharedFiles } | undefined;
}

/**
 * Reads the labels of files. Times and ids are read in the notation of the file; all other columns are read so that
 * they are written unchanged. The rows that are read from text exist until the work database is closed.
 */
export async function fileRelation(
  work: WorkDatabase,
  labels: Extract<LabelSource, { readonly kind: 'FILE' }>,
  { joins }: Pick<TrainingSetRequest, 'joins'>,
  { files, shared }: LabelFiles,
): Promise<LabelRelation> {
  const field = 'labels.source.file.path';
  const { options = {}, timeColumn } = labels;
  checkOptions(options, labels.format, 'labels.source.file');
  const ids = new Set(joins.flatMap(({ entityIdColumns }) => entityIdColumns));
  const reader = await files.reader();
  const { files: selected, format } = shared
    ? await fetchLabels(work, labels, shared.files, await reader.createFolder())
    : await files.select(labels.file, labels.format, field);
  const folder = await reader.createFolder();
  work.keep(folder);
  try {
    return await reader.use({ files: selected, folder, signal: work.signal }, async (worker, path) => {
      const none = { parameters: [], parameterTypes: [], declared: new Map<string, string>() };
      if (format === 'PARQUET') {
        const moments = new Set([timeColumn]);
        const reads = 'EVERY_VALUE';
        const table = await readParquetFiles(worker, selected, options, { ...none, ids, moments, reads });
        return { sql: table.relation, ...none, columns: table.columns, options };
      }
      const asText = new Set([timeColumn, ...ids]);
      const table = await readTextFiles(
        worker,
        { files: selected, format, options },
        { ...none, asText, others: 'EXACT', folder: path, keepsBadRows: false },
      );
      const columns = table.columns.map(({ name, type }) => ({ name, type: type === 'NULL' ? 'VARCHAR' : type }));
      return { sql: namedColumnsSql(table), ...none, columns, options, rows: table };
    });
  } catch (error) {
    throw toAppError(error, field);
  }
}

/** Copies the newest version of a shared file to this machine, where it stays until the work database is closed. */
async function fetchLabels(
  work: WorkDatabase,
  { file, format }: Extract<LabelSource, { readonly kind: 'FILE' }>,
  shared: SharedFiles,
  folder: AsyncDisposable & { readonly path: string },
): Promise<NamedFiles> {
  work.keep(folder);
  const field = 'labels.source.file.path';
  const { path } = await fetchSharedFile(shared, file, {
    field,
    folder: folder.path,
    maxBytes: FILE_LIMITS.maxSharedFileBytes,
    signal: work.signal,
  });
  return { files: [{ path, name: file, partitions: new Map() }], format };
}
