import type { DataFiles } from '../datasources/files/data-files.js';
import { toAppError } from '../datasources/files/file-fault.js';
import { checkOptions } from '../datasources/files/file-options.js';
import { readParquetFiles } from '../datasources/files/read-parquet-files.js';
import { namedColumnsSql, readTextFiles } from '../datasources/files/read-text-files.js';
import type { LabelRelation } from './label-columns.js';
import type { LabelSource, TrainingSetRequest } from './training-sets.js';
import type { WorkDatabase } from './work-database.js';

/**
 * Reads the labels of files. Times and ids are read in the notation of the file; all other columns are read so that
 * they are written unchanged. The rows that are read from text exist until the work database is closed.
 */
export async function fileRelation(
  work: WorkDatabase,
  labels: Extract<LabelSource, { readonly kind: 'FILE' }>,
  { joins }: Pick<TrainingSetRequest, 'joins'>,
  files: DataFiles,
): Promise<LabelRelation> {
  const field = 'labels.source.file.path';
  const { options = {}, timeColumn } = labels;
  checkOptions(options, labels.format, 'labels.source.file');
  const { files: selected, format } = await files.select(labels.file, labels.format, field);
  const ids = new Set(joins.flatMap(({ entityIdColumns }) => entityIdColumns));
  const reader = await files.reader();
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
