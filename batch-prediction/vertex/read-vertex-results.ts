import type { BigQuery } from '@google-cloud/bigquery';
import type { Storage } from '@google-cloud/storage';
import { AppError } from '../../errors/app-error.js';
import { BigQueryResults } from './bigquery-results.js';
import { CloudStorageResults } from './cloud-storage-results.js';
import type { VertexResults } from './results.js';
import type { VertexBatchPredictionJob } from './vertex-batch-prediction-job.js';

/**
 * The locations that jobs on Vertex AI write to. The clients are loaded when a job's input or results first need them.
 */
export interface VertexResultStores {
  readonly storage: () => Promise<Storage>;
  readonly bigquery: () => Promise<BigQuery>;
}

/**
 * Reads the output of a job; undefined until it has ended, because Vertex AI reports the location only then. Errors
 * name buckets, tables and accounts, so a client's error only states that the results could not be read.
 */
export async function readVertexResults<Result>(
  stores: VertexResultStores,
  job: VertexBatchPredictionJob,
  use: (results: VertexResults) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    const results = await openResults(stores, job);
    return results && (await use(results));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('STORE_UNAVAILABLE', 'The results of the job could not be read. Try again.', {}, { cause });
  }
}

async function openResults(
  { storage, bigquery }: VertexResultStores,
  { result, progress }: VertexBatchPredictionJob,
): Promise<VertexResults | undefined> {
  const output = result?.output;
  if (!output) return undefined;
  if (output.kind === 'CLOUD_STORAGE') return new CloudStorageResults(await storage(), output.folder);
  return new BigQueryResults(await bigquery(), output, progress.failed);
}
