import { join } from 'node:path';
import type { Clock } from '../../values/clock.js';
import type { DataFiles } from '../../datasources/files/data-files.js';
import type { ModelServing } from '../models/model-serving.js';
import type { Model, ModelRuntime } from '../../datasources/registry/prediction-model.js';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { jobTableName } from '../../datasources/duckdb/job-tables.js';
import type { JobStore } from '../../datasources/job-store/job-store.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { LocalBatchPredictionJob } from './local-batch-prediction-job.js';
import { OutputFolder } from './output-folder.js';
import { PredictionsTable } from './predictions-table.js';
import type { RetryPolicy } from './predict-batch.js';

/** The dependencies of local batch prediction. */
export interface BatchPredictionDependencies {
  readonly jobs: Pick<JobStore, 'get'>;
  readonly files: DataFiles;
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
export function outputLocation({ id, spec: { output } }: LocalBatchPredictionJob): string {
  const named = output.format === 'TABLE' ? null : output.location;
  return (named ?? `batch-predictions/${id}`).replace(/\/+$/, '');
}

/** null for a job that writes only files. */
export function predictionsTable(
  { offline }: BatchPredictionDependencies,
  { id, spec: { output } }: LocalBatchPredictionJob,
): PredictionsTable | null {
  return output.format === 'TABLE' ? new PredictionsTable(offline, jobTableName(output.location, id)) : null;
}

export async function outputFolder(
  dependencies: BatchPredictionDependencies,
  job: LocalBatchPredictionJob,
): Promise<OutputFolder> {
  const path = await dependencies.files.writable(outputLocation(job), 'output.location');
  return new OutputFolder(path, job.spec.output.format === 'JSONL' ? 'JSONL' : 'PARQUET');
}

export function workFolderPath(dependencies: BatchPredictionDependencies, job: string): string {
  return join(dependencies.workFolder, job);
}
