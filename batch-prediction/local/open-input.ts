import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError, badInput } from '../../errors/app-error.js';
import type { FileFormat } from '../../datasources/files/file-format.js';
import type { ModelField } from '../../datasources/registry/prediction-model.js';
import { findTable } from '../../datasources/duckdb/find-table.js';
import { quoteText } from '../../datasources/duckdb/sql-text.js';
import type { BatchInput } from '../batch-predictions.js';
import { TRAINING_SET_JOB } from '../../training-sets/training-set-job.js';
import { workFolderPath, outputFolder, type BatchPredictionDependencies } from './batch-prediction-dependencies.js';
import { fileList, filesFingerprint, openFailures, openFiles, openTyped, type BatchSource } from './batch-source.js';

import { interruptOnAbort } from '../../datasources/duckdb/interrupt-on-abort.js';
import { syncFile } from '../../runtime/sync-file.js';
import { LOCAL_BATCH_PREDICTION, type LocalBatchPredictionJob } from './local-batch-prediction-job.js';
import { countInstances } from './read-instances.js';

/** The physical location of an input. */
type Location =
  | { readonly kind: 'files'; readonly paths: readonly string[]; readonly format: FileFormat; readonly field: string }
  | { readonly kind: 'table'; readonly relation: string; readonly field: string };

export interface OpenedInput {
  readonly source: BatchSource;
  readonly fingerprint: () => Promise<string>;
}

/** Refuses a missing input, or one without the model's columns; leaves nothing open. */
export async function checkInput(
  dependencies: BatchPredictionDependencies,
  input: BatchInput,
  inputs: readonly ModelField[],
): Promise<void> {
  await withInput(dependencies, input, inputs, async () => undefined);
}

/** The number of rows of an input: Parquet and tables have it in their metadata, text is read once. */
export async function countInput(
  dependencies: BatchPredictionDependencies,
  input: BatchInput,
  inputs: readonly ModelField[],
): Promise<bigint> {
  return BigInt(await withInput(dependencies, input, inputs, countInstances));
}

async function withInput<Result>(
  dependencies: BatchPredictionDependencies,
  input: BatchInput,
  inputs: readonly ModelField[],
  use: (connection: DuckDBConnection, source: BatchSource) => Promise<Result>,
): Promise<Result> {
  const location = await locate(dependencies, input);
  const { field } = location;
  if (location.kind === 'table') {
    return dependencies.offline.use(async (connection) =>
      use(connection, await openTyped(connection, location.relation, inputs, field)),
    );
  }
  const { paths, format } = location;
  return dependencies.scratch.use(async (connection) =>
    use(connection, await openFiles(connection, dependencies.files, paths, format, inputs, field)),
  );
}

/**
 * Opens a job's input. It first copies a table, once. The copy is a snapshot that later writes do not change. It is
 * read in the same order after a restart, and the offline store stays free for others.
 */
export async function openInput(
  dependencies: BatchPredictionDependencies,
  connection: DuckDBConnection,
  job: LocalBatchPredictionJob,
  inputs: readonly ModelField[],
  signal: AbortSignal,
): Promise<OpenedInput> {
  if (job.spec.retryOf !== null) return openRetry(dependencies, job.spec.retryOf);
  const location = await locate(dependencies, job.spec.input);
  if (location.kind === 'table') {
    const snapshot = await fingerprintTable(dependencies, job.id, location.relation, signal);
    const source = await openFiles(connection, dependencies.files, [snapshot], 'PARQUET', inputs, location.field);
    return { source, fingerprint: () => filesFingerprint([snapshot]) };
  }
  const { paths, format, field } = location;
  const source = await openFiles(connection, dependencies.files, paths, format, inputs, field);
  return { source, fingerprint: () => filesFingerprint(paths) };
}

/** The failed instances as the earlier job wrote them: they exist even when its input was deleted. */
async function openRetry(dependencies: BatchPredictionDependencies, earlierId: string): Promise<OpenedInput> {
  const earlier = await dependencies.jobs.get(earlierId);
  if (!earlier || !LOCAL_BATCH_PREDICTION.includes(earlier) || !earlier.checkpoint) {
    throw badInput('The job whose failures are to be retried is not there.', 'job');
  }
  const { checkpoint } = earlier;
  const folder = await outputFolder(dependencies, earlier);
  const paths = folder.files('errors', checkpoint.parts);
  const files = fileList(paths);
  const relation =
    folder.format === 'PARQUET'
      ? `read_parquet(${files})`
      : `read_json(${files}, format = 'newline_delimited', columns = {instance_number: 'BIGINT', instance: 'JSON'})`;
  return { source: openFailures(relation, checkpoint.columns), fingerprint: () => filesFingerprint(paths) };
}

async function locate(dependencies: BatchPredictionDependencies, input: BatchInput): Promise<Location> {
  switch (input.kind) {
    case 'FILES':
      return locateFiles(dependencies, input.files, input.format, 'input.files');
    case 'TABLE':
      return {
        kind: 'table',
        relation: await tableRelation(dependencies, input.table, 'input.table'),
        field: 'input.table',
      };
    case 'TRAINING_SET':
      return locateTrainingSet(dependencies, input.job);
  }
}

async function locateFiles(
  dependencies: BatchPredictionDependencies,
  names: readonly string[],
  format: FileFormat,
  field: string,
): Promise<Location> {
  if (names.length === 0) throw badInput('Name at least one file.', field);
  const paths = await Promise.all(names.map((name) => dependencies.files.existing(name, field)));
  for (const [index, path] of paths.entries()) {
    if (!(await stat(path)).isFile()) throw badInput(`"${names[index]}" is not a file. Name the files in it.`, field);
  }
  return { kind: 'files', paths, format, field };
}

async function locateTrainingSet(dependencies: BatchPredictionDependencies, id: string): Promise<Location> {
  const field = 'input.trainingSetJob';
  const job = await dependencies.jobs.get(id);
  if (!job || !TRAINING_SET_JOB.includes(job))
    throw new AppError('JOB_NOT_FOUND', `There is no training set job "${id}".`, { field });
  if (job.state !== 'SUCCEEDED') {
    throw badInput(`The training set is ${job.state}. Only one that has SUCCEEDED can be predicted on.`, field);
  }
  const { format, location } = job.result!.output;
  if (format === 'TABLE') return { kind: 'table', relation: await tableRelation(dependencies, location, field), field };
  const path = await dependencies.files.existing(location, field);
  if ((await stat(path)).isFile()) return { kind: 'files', paths: [path], format, field };
  const names = (await readdir(path)).filter((name) => name.endsWith(`.${format.toLowerCase()}`)).sort();
  return locateFiles(
    dependencies,
    names.map((name) => `${location}/${name}`),
    format,
    field,
  );
}

function tableRelation({ offline }: BatchPredictionDependencies, name: string, field: string): Promise<string> {
  return offline.use((connection) => findTable(connection, name, field));
}

async function fingerprintTable(
  dependencies: BatchPredictionDependencies,
  job: string,
  relation: string,
  signal: AbortSignal,
): Promise<string> {
  const folder = workFolderPath(dependencies, job);
  const snapshot = join(folder, 'input.parquet');
  await mkdir(folder, { recursive: true });
  const isThere = await stat(snapshot).then(
    () => true,
    () => false,
  );
  if (isThere) return snapshot;
  const temporary = `${snapshot}.tmp`;
  await dependencies.offline.use((connection) =>
    interruptOnAbort(connection, signal, () =>
      connection.run(`COPY (SELECT * FROM ${relation}) TO ${quoteText(temporary)} (FORMAT parquet)`),
    ),
  );
  await syncFile(temporary);
  await rename(temporary, snapshot);
  await syncFile(folder);
  return snapshot;
}
