import { toInstanceErrorCode, type InstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { protos } from '@google-cloud/aiplatform';
import type { JobProgress } from '../../datasources/job-store/job-record.js';
import type { JobState } from '../../datasources/job-store/job-state.js';
import { collectResourceNames, redactResourceNames } from '../../datasources/google/redact-resource-names.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** What of a job on Vertex AI becomes a record of ours. */
export interface VertexJob {
  readonly name: string;
  readonly state: JobState;
  readonly progress: JobProgress;
  /** Hours that machines have been billed for so far; null while Vertex AI does not say. */
  readonly replicaHours: number | null;
  readonly error: string | null;
  /** What went wrong with parts of the input, such as a file that cannot be read; no instance stands for them. */
  readonly partialFailures: readonly PartialFailure[];
  readonly output: VertexOutput | null;
  /** What Vertex AI said went wrong, word for word: for the log alone. */
  readonly rawMessage: readonly string[];
}

export interface PartialFailure {
  readonly code: InstanceErrorCode;
  readonly message: string;
}

/** Only what the job itself says it wrote to: the names differ by kind of model and cannot be built. */
export type VertexOutput =
  | { readonly kind: 'CLOUD_STORAGE'; readonly folder: string }
  | {
      readonly kind: 'BIGQUERY';
      readonly dataset: string;
      readonly table: string;
      /** The client named the table: Vertex AI says nowhere how it calls the one of the failures then. */
      readonly isNamedByClient?: boolean;
    };

export type TablesOutput = Extract<VertexOutput, { readonly kind: 'BIGQUERY' }>;

export function readVertexJob(job: Job): VertexJob {
  const written = output(job);
  const names = collectResourceNames([
    job.name,
    job.model,
    job.inputConfig,
    job.outputConfig,
    written && outputLocation(written),
  ]);
  const forClients = redactResourceNames(names);
  const partialFailures = job.partialFailures ?? [];
  return {
    name: job.name ?? '',
    state: jobState(job),
    progress: progress(job.completionStats ?? {}),
    replicaHours: job.resourcesConsumed?.replicaHours ?? null,
    error: job.error?.message ? forClients(job.error.message) : null,
    partialFailures: partialFailures.map(({ code, message }) => ({
      code: toInstanceErrorCode(code),
      message: forClients(message ?? 'Vertex AI gave no reason.'),
    })),
    output: written,
    rawMessage: [job.error, ...partialFailures].flatMap((status) => status?.message ?? []),
  };
}

/** As clients name it. */
export function outputLocation(output: VertexOutput): string {
  return output.kind === 'CLOUD_STORAGE' ? output.folder : `${output.dataset.replace(/^bq:\/\//, '')}.${output.table}`;
}

/**
 * The table of failures beside one of predictions: predictions and errors, or predictions_<time> and errors_<time>.
 * undefined where nobody says what it is called.
 */
export function errorsTableName({ table, isNamedByClient }: TablesOutput): string | undefined {
  return !isNamedByClient && table.startsWith('predictions') ? table.replace('predictions', 'errors') : undefined;
}

/**
 * UPDATING is a running job whose settings are being changed. A state that is not known here is work going on, unless the
 * job says when it ended: it must not be watched for ever.
 */
function jobState({ state: name, endTime }: Job): JobState {
  const state = String(name).replace(/^JOB_STATE_/, '');
  switch (state) {
    case 'QUEUED':
    case 'PENDING':
    case 'SUCCEEDED':
    case 'PARTIALLY_SUCCEEDED':
    case 'FAILED':
    case 'CANCELLING':
    case 'CANCELLED':
    case 'PAUSED':
    case 'EXPIRED':
      return state;
    default:
      return endTime ? 'FAILED' : 'RUNNING';
  }
}

/** Counts travel as 64-bit integers. incomplete_count is -1 where Vertex AI does not know how many there are. */
function progress(stats: NonNullable<Job['completionStats']>): JobProgress {
  const completed = BigInt(String(stats.successfulCount ?? 0));
  const failed = BigInt(String(stats.failedCount ?? 0));
  const left =
    stats.incompleteCount === null || stats.incompleteCount === undefined ? -1n : BigInt(String(stats.incompleteCount));
  return { completed, failed, total: left < 0n ? null : completed + failed + left };
}

function output({ outputInfo, outputConfig }: Job): VertexOutput | null {
  const { gcsOutputDirectory, bigqueryOutputDataset, bigqueryOutputTable } = outputInfo ?? {};
  if (gcsOutputDirectory) return { kind: 'CLOUD_STORAGE', folder: gcsOutputDirectory };
  if (!bigqueryOutputDataset) return null;
  // A job that made its own dataset calls the table so, and does not say it.
  const isTableSaid = typeof bigqueryOutputTable === 'string' && bigqueryOutputTable !== '';
  return {
    kind: 'BIGQUERY',
    dataset: bigqueryOutputDataset,
    table: isTableSaid ? bigqueryOutputTable : 'predictions',
    isNamedByClient: /^bq:\/\/[^.]+\.[^.]+\.[^.]+$/.test(outputConfig?.bigqueryDestination?.outputUri ?? ''),
  };
}
