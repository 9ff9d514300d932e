import { posix } from 'node:path';
import { findTable } from '../datasources/duckdb/find-table.js';
import { describeColumns, measuredColumn } from '../datasources/duckdb/written-columns.js';
import type { WrittenColumns } from '../datasources/offline/column-reads.js';
import { fileListSql } from '../datasources/files/read-parquet-files.js';
import { AppError, badInput } from '../errors/app-error.js';
import type { TrainingSetDependencies } from './training-set-dependencies.js';
import type { TrainingSetJobRecord } from './training-sets.js';

type Dependencies = Pick<TrainingSetDependencies, 'database' | 'files' | 'shared'>;

/** Opens the output of a training set job. Refuses one that does not exist, and CSV, which has no types. */
export async function openTrainingSet(
  dependencies: Dependencies,
  { result }: Pick<TrainingSetJobRecord, 'result'>,
  field: string,
): Promise<WrittenColumns> {
  if (!result) throw badInput('The job has no output: it did not succeed.', field);
  const { format, location } = result.output;
  if (format === 'CSV') {
    throw badInput('A CSV file has no types. Make the training set as PARQUET or TABLE.', field);
  }
  if (format === 'BIGQUERY') {
    throw badInput(
      'The gateway does not read tables of BigQuery again. Make the training set as PARQUET or TABLE.',
      field,
    );
  }
  const stack = new AsyncDisposableStack();
  try {
    const relation =
      format === 'TABLE'
        ? await dependencies.database.use((connection) => findTable(connection, location, field))
        : `read_parquet(${fileListSql([await findFile(dependencies, location, field, stack)])}, hive_partitioning = false)`;
    const described = await dependencies.database.use((connection) => describeColumns(connection, relation));
    const columns = described.map(({ name, type }) => measuredColumn(name, type));
    return { relation, columns, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function findFile(
  { files, shared }: Dependencies,
  location: string,
  field: string,
  stack: AsyncDisposableStack,
): Promise<string> {
  if (!shared) return (await files.select(location, 'PARQUET', field)).files[0]!.path;
  const found = await shared.files.find(location);
  if (!found) throw new AppError('FILE_NOT_FOUND', 'The file of the training set is not there any more.', { field });
  const folder = stack.use(await (await files.reader()).createFolder());
  const path = `${folder.path}/${posix.basename(location)}`;
  await shared.files.read(location, found.version, path, new AbortController().signal);
  return path;
}
