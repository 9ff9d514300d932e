import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { findTable } from '../../datasources/duckdb/find-table.js';
import { quoteText } from '../../datasources/duckdb/sql-text.js';
import { FileFault, toAppError } from '../../datasources/files/file-fault.js';
import type { ModelField } from '../../datasources/registry/prediction-model.js';
import { AppError, badInput } from '../../errors/app-error.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { TRAINING_SET_JOB } from '../../training-sets/training-set-job.js';
import type { BatchInput } from '../batch-predictions.js';
import {
  sharedWrittenFiles,
  useWrittenFiles,
  workFolderPath,
  type BatchPredictionDependencies,
} from './batch-prediction-dependencies.js';
import type { BatchSource } from './batch-source.js';
import { checkColumns, requireColumns } from './check-columns.js';
import { failedInstances } from './failed-instances.js';
import { inspectFiles, readFiles, selectInputFiles, type InputFiles, type InspectedInput } from './input-files.js';
import { fingerprintFiles, type FingerprintedFile } from './input-fingerprint.js';
import { LOCAL_BATCH_PREDICTION, type LocalBatchPredictionJob } from './local-batch-prediction-job.js';
import type { SqlSource } from './read-instances.js';
import { fetchInput, type SharedInput } from './shared-input.js';
import { readTypedColumns, type OwnColumn } from './source-columns.js';
import { toBatchSource } from './sql-batch-source.js';
import { describeRelation, snapshotTable } from './table-snapshot.js';

/** The physical location of an input. */
type Location =
  | { readonly kind: 'files'; readonly input: InputFiles }
  | { readonly kind: 'shared'; readonly input: SharedInput }
  | { readonly kind: 'table'; readonly relation: string; readonly field: string };

export interface OpenedInput extends AsyncDisposable {
  readonly source: BatchSource;
  /** The fingerprint of its files before they were read. */
  readonly atStart: string;
  readonly fingerprint: () => Promise<string>;
}

/**
 * Refuses a missing or broken input, and one without the model's columns. Gives its columns and the number of its rows:
 * Parquet and tables have it in their metadata, text is read once. Leaves nothing open.
 */
export async function inspectInput(
  dependencies: BatchPredictionDependencies,
  input: BatchInput,
  inputs: readonly ModelField[],
): Promise<InspectedInput> {
  const location = await locate(dependencies, input);
  const inspect = (found: InputFiles): Promise<InspectedInput> =>
    inspectFiles(dependencies.files, found, inputs).catch((error: unknown) => {
      throw toAppError(error, found.field);
    });
  if (location.kind === 'files') return inspect(location.input);
  if (location.kind === 'shared') {
    await using folder = await (await dependencies.files.reader()).createFolder();
    const { signal } = new AbortController();
    const fetched = await fetchInput(location.input, { folder: folder.path, signal });
    return await inspect(fetched.input);
  }
  return dependencies.offline.use(async (connection) => {
    const columns = await describeRelation(connection, location.relation);
    return openTable(connection, location.relation, columns, inputs, location.field);
  });
}

/** Opens a job's input. The copies that it makes exist until it is disposed. */
export async function openInput(
  dependencies: BatchPredictionDependencies,
  connection: DuckDBConnection,
  job: LocalBatchPredictionJob,
  inputs: readonly ModelField[],
  signal: AbortSignal,
): Promise<OpenedInput> {
  if (job.spec.retryOf !== null) return openRetry(dependencies, job, job.spec.retryOf, signal);
  const location = await locate(dependencies, job.spec.input);
  if (location.kind === 'files') return openFiles(dependencies, location.input, inputs, signal);
  if (location.kind === 'shared') {
    const folder = workFolderPath(dependencies, job.id);
    const { input, fingerprint } = await fetchInput(location.input, { folder, signal });
    return { ...(await openFiles(dependencies, input, inputs, signal)), ...unchanging(fingerprint) };
  }
  const { relation, field } = location;
  const folder = workFolderPath(dependencies, job.id);
  const { path, columns } = await snapshotTable(dependencies.offline, connection, { relation, folder, signal });
  const source = await openTable(connection, `read_parquet(${quoteText(path)})`, columns, inputs, field);
  return opened([{ path, name: 'input' }], async () => toBatchSource(source));
}

async function openFiles(
  { files: data }: BatchPredictionDependencies,
  input: InputFiles,
  inputs: readonly ModelField[],
  signal: AbortSignal,
): Promise<OpenedInput> {
  const { files } = input;
  const reader = await data.reader();
  const folder = await reader.createFolder();
  const dispose = async (): Promise<void> => folder[Symbol.asyncDispose]();
  const read = async (): Promise<BatchSource> => {
    const source = await reader.use({ files, folder, signal }, (worker, path) =>
      readFiles(worker, input, inputs, path),
    );
    return toBatchSource(source);
  };
  try {
    return await opened(files, read, dispose);
  } catch (error) {
    await dispose();
    if (!(error instanceof FileFault)) throw error;
    throw new JobFailure('INPUT_UNREADABLE', error.message, { cause: error });
  }
}

async function openTable(
  connection: DuckDBConnection,
  relation: string,
  columns: readonly OwnColumn[],
  inputs: readonly ModelField[],
  field: string,
): Promise<SqlSource> {
  requireColumns(columns, inputs, field);
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${relation}`);
  return {
    relation,
    columns: checkColumns(readTypedColumns(columns, inputs, {}), field),
    rows: Number(counted.getRows()[0]?.[0] ?? 0),
    originals: null,
    lineFault: null,
    describePlace: ({ number }) => `Row ${number} (from 0), `,
  };
}

/** The failed instances as the earlier job wrote them: they exist even when its input was deleted. */
async function openRetry(
  dependencies: BatchPredictionDependencies,
  job: LocalBatchPredictionJob,
  earlierId: string,
  signal: AbortSignal,
): Promise<OpenedInput> {
  const earlier = await dependencies.jobs.get(earlierId);
  if (!earlier || !LOCAL_BATCH_PREDICTION.includes(earlier) || !earlier.checkpoint) {
    throw badInput('The job whose failures are to be retried is not there.', 'job');
  }
  const { checkpoint } = earlier;
  const { shared } = dependencies;
  if (shared) {
    const folder = join(workFolderPath(dependencies, job.id), 'failures');
    const written = sharedWrittenFiles(dependencies, shared, earlier, { folder, signal });
    const paths = await written.files('errors', checkpoint.parts);
    const source = failedInstances({ format: written.format, files: paths }, checkpoint);
    // The files of an ended job do not change.
    return { source, ...unchanging(earlierId), [Symbol.asyncDispose]: async () => undefined };
  }
  return useWrittenFiles(dependencies, earlier, async (written) => {
    const paths = await written.files('errors', checkpoint.parts);
    const files = paths.map((path, index) => ({ path, name: String(index) }));
    return opened(files, async () => failedInstances({ format: written.format, files: paths }, checkpoint));
  });
}

/** An input that this machine has a copy of. */
function unchanging(fingerprint: string): Pick<OpenedInput, 'atStart' | 'fingerprint'> {
  return { atStart: fingerprint, fingerprint: async () => fingerprint };
}

async function opened(
  files: readonly FingerprintedFile[],
  read: () => Promise<BatchSource>,
  dispose: () => Promise<void> = async () => undefined,
): Promise<OpenedInput> {
  const fingerprint = (): Promise<string> => fingerprintFiles(files);
  const atStart = await fingerprint();
  return { source: await read(), atStart, fingerprint, [Symbol.asyncDispose]: dispose };
}

async function locate(dependencies: BatchPredictionDependencies, input: BatchInput): Promise<Location> {
  const { shared } = dependencies;
  switch (input.kind) {
    case 'FILES': {
      const { files, format, options = {} } = input;
      if (shared) {
        return { kind: 'shared', input: { shared, names: files, format, options, field: 'input.files' } };
      }
      return {
        kind: 'files',
        input: await selectInputFiles(dependencies.files, files, format, options, 'input.files'),
      };
    }
    case 'TABLE':
      if (shared) {
        throw badInput(
          'Several gateways share their jobs here, and a table is in the database of one of them. Name files of the shared folder.',
          'input.table',
        );
      }
      return {
        kind: 'table',
        relation: await tableRelation(dependencies, input.table, 'input.table'),
        field: 'input.table',
      };
    case 'INSTANCE_FILES':
      throw badInput(
        'Only models on Vertex AI read these files. Give JSON lines, CSV or Parquet.',
        'input.instanceFiles',
      );
    case 'TRAINING_SET':
      return locateTrainingSet(dependencies, input.job);
  }
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
  if (format === 'BIGQUERY') {
    throw badInput(
      'A batch prediction reads no tables of BigQuery here. Make the training set in another format.',
      field,
    );
  }
  const { shared } = dependencies;
  if (shared) return { kind: 'shared', input: { shared, names: [location], format, options: {}, field } };
  return { kind: 'files', input: await selectInputFiles(dependencies.files, [location], format, {}, field) };
}

function tableRelation({ offline }: BatchPredictionDependencies, name: string, field: string): Promise<string> {
  return offline.use((connection) => findTable(connection, name, field));
}
