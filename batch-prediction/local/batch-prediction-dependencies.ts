import { join } from 'node:path';
import type { Clock } from '../../values/clock.js';
import type { DataFiles } from '../../datasources/files/data-files.js';
import type { ModelServing } from '../models/model-serving.js';
import type { Model, ModelRuntime } from '../../datasources/registry/prediction-model.js';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { jobTableName } from '../../datasources/duckdb/job-tables.js';
import type { SharedFiles } from '../../datasources/shared-files/shared-files.js';
import type { JobStore } from '../../datasources/job-store/job-store.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { LocalBatchPredictionJob } from './local-batch-prediction-job.js';
import { OutputFolder, type BatchOutputFolder, type OutputFormat, type WrittenFiles } from './output-folder.js';
import { PredictionsTable } from './predictions-table.js';
import { SharedOutputFolder } from './shared-output-folder.js';
import { SharedWrittenFiles } from './shared-written-files.js';
import type { RetryPolicy } from './predict-batch.js';

/** The dependencies of local batch prediction. */
export interface BatchPredictionDependencies {
  readonly jobs: Pick<JobStore, 'get'>;
  readonly files: DataFiles;
  /** Where several gateways share their jobs: their files are there, and not in `files`. */
  readonly shared?: SharedFiles | undefined;
  /** The offline store's database, which has the tables. */
  readonly offline: DuckDbDatabase;
  /** A database in memory, for files only: a job of hours must not hold a transaction of the offline store open. */
  readonly scratch: DuckDbDatabase;
  /** A folder that no client sees: snapshots of tables. */
  readonly workFolder: string;
  readonly getModel: (name: string) => Model | undefined;
  readonly servings: ReadonlyMap<ModelRuntime, ModelServing>;
  readonly clock: Clock;
  readonly retryPolicy?: RetryPolicy;
}

export function getJobModel(dependencies: BatchPredictionDependencies, job: LocalBatchPredictionJob): Model {
  const model = dependencies.getModel(job.spec.model);
  if (!model) throw new JobFailure('MODEL_NOT_FOUND', `There is no model "${job.spec.model}" any more.`);
  return model;
}

/** The form in which clients name the folder of a job's output. */
export function outputLocation(
  { shared }: Pick<BatchPredictionDependencies, 'shared'>,
  { id, spec: { output } }: LocalBatchPredictionJob,
): string {
  const named = output.format === 'TABLE' ? null : output.location;
  const name = (named ?? `batch-predictions/${id}`).replace(/\/+$/, '');
  return shared ? shared.address(name, 'output.location') : name;
}

/** null for a job that writes only files. */
export function predictionsTable(
  { offline }: BatchPredictionDependencies,
  { id, spec: { output } }: LocalBatchPredictionJob,
): PredictionsTable | null {
  return output.format === 'TABLE' ? new PredictionsTable(offline, jobTableName(output.location, id)) : null;
}

/** The folder that a run of a job writes. */
export async function outputFolder(
  dependencies: BatchPredictionDependencies,
  job: LocalBatchPredictionJob,
  signal: AbortSignal,
): Promise<BatchOutputFolder> {
  const { shared } = dependencies;
  if (!shared) return localFolder(dependencies, job);
  return new SharedOutputFolder({
    files: shared,
    address: outputLocation(dependencies, job),
    format: fileFormat(job),
    workFolder: workFolderPath(dependencies, job.id),
    signal,
  });
}

/** Reads what a job wrote. The copies of shared files exist until `use` has ended. */
export async function useWrittenFiles<Result>(
  dependencies: BatchPredictionDependencies,
  job: LocalBatchPredictionJob,
  use: (written: WrittenFiles) => Promise<Result>,
): Promise<Result> {
  await using opened = new AsyncDisposableStack();
  return await use(await openWrittenFiles(dependencies, job, opened));
}

/** Opens what a job wrote. The copies of shared files exist until `opened` is disposed of. */
export async function openWrittenFiles(
  dependencies: BatchPredictionDependencies,
  job: LocalBatchPredictionJob,
  opened: AsyncDisposableStack,
): Promise<WrittenFiles> {
  const { files, shared } = dependencies;
  if (!shared) return localFolder(dependencies, job);
  const folder = opened.use(await (await files.reader()).createFolder());
  const { signal } = new AbortController();
  return sharedWrittenFiles(dependencies, shared, job, { folder: folder.path, signal });
}

export function sharedWrittenFiles(
  dependencies: BatchPredictionDependencies,
  shared: SharedFiles,
  job: LocalBatchPredictionJob,
  where: { readonly folder: string; readonly signal: AbortSignal },
): WrittenFiles {
  const address = outputLocation(dependencies, job);
  return new SharedWrittenFiles({ shared, address, format: fileFormat(job), ...where });
}

async function localFolder(
  dependencies: BatchPredictionDependencies,
  job: LocalBatchPredictionJob,
): Promise<OutputFolder> {
  const path = await dependencies.files.writable(outputLocation(dependencies, job), 'output.location');
  return new OutputFolder(path, fileFormat(job));
}

/** A table is filled from Parquet. */
function fileFormat({ spec: { output } }: LocalBatchPredictionJob): OutputFormat {
  return output.format === 'JSONL' ? 'JSONL' : 'PARQUET';
}

export function workFolderPath(dependencies: BatchPredictionDependencies, job: string): string {
  return join(dependencies.workFolder, job);
}
