import { toInstanceErrorCode, type InstanceErrorCode } from '../../errors/instance-error-codes.js';
import { fromProtoTime } from '../../datasources/google/vertex/proto-time.js';
import type { Instant } from '../../values/instant.js';
import type { protos } from '@google-cloud/aiplatform';
import type { JobProgress } from '../../datasources/job-store/job-record.js';
import type { JobState } from '../../datasources/job-store/job-state.js';
import { collectResourceNames, redactResourceNames } from '../../datasources/google/redact-resource-names.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** The parts of a job on Vertex AI that the job record needs. */
export interface VertexJob {
  readonly name: string;
  readonly state: JobState;
  readonly progress: JobProgress;
  /** Hours of machines billed so far; null while Vertex AI does not report them. */
  readonly replicaHours: number | null;
  /** When the first replica began; null before. */
  readonly runningSince: Instant | null;
  readonly error: string | null;
  /** Errors of parts of the input, such as an unreadable file, which have no instance. */
  readonly partialFailures: readonly PartialFailure[];
  readonly output: VertexOutput | null;
  /** The original errors of Vertex AI, for the log only. */
  readonly rawMessage: readonly string[];
}

export interface PartialFailure {
  readonly code: InstanceErrorCode;
  readonly message: string;
}

/**
 * Only the output locations that the job itself reports: the names depend on the kind of model and cannot be derived.
 */
export type VertexOutput =
  | { readonly kind: 'CLOUD_STORAGE'; readonly folder: string }
  | {
      readonly kind: 'BIGQUERY';
      readonly dataset: string;
      readonly table: string;
      /** The client named the table: Vertex AI does not report the name of the failures' table in that case. */
      readonly isNamedByClient?: boolean;
    };

export type TablesOutput = Extract<VertexOutput, { readonly kind: 'BIGQUERY' }>;

export function readVertexJob(job: Job): VertexJob {
  const written = output(job);
  const names = collectResourceNames([
    job.name,
    job.model,
    job.encryptionSpec,
    job.unmanagedContainerModel,
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
    runningSince: fromProtoTime(job.startTime),
    error: job.error?.message ? forClients(job.error.message) : null,
    partialFailures: partialFailures.map(({ code, message }) => ({
      code: toInstanceErrorCode(code),
      message: forClients(message ?? 'Vertex AI gave no reason.'),
    })),
    output: written,
    rawMessage: [job.error, ...partialFailures].flatMap((status) => status?.message ?? []),
  };
}

/** In the form that clients use. */
export function outputLocation(output: VertexOutput): string {
  return output.kind === 'CLOUD_STORAGE' ? output.folder : `${output.dataset.replace(/^bq:\/\//, '')}.${output.table}`;
}

/**
 * The table of failures beside one of predictions: predictions and errors, or predictions_<time> and errors_<time>.
 * undefined where its name is unknown.
 */
export function errorsTableName({ table, isNamedByClient }: TablesOutput): string | undefined {
  return !isNamedByClient && table.startsWith('predictions') ? table.replace('predictions', 'errors') : undefined;
}

/**
 * UPDATING is a running job whose settings change. An unknown state counts as running unless the job has an end time:
 * otherwise the gateway would watch it for ever.
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

/** Counts are 64-bit integers in the API. incomplete_count is -1 where Vertex AI does not know the number. */
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
  // A job that created its own dataset uses this table name and does not report it.
  const isTableSaid = typeof bigqueryOutputTable === 'string' && bigqueryOutputTable !== '';
  return {
    kind: 'BIGQUERY',
    dataset: bigqueryOutputDataset,
    table: isTableSaid ? bigqueryOutputTable : 'predictions',
    isNamedByClient: /^bq:\/\/[^.]+\.[^.]+\.[^.]+$/.test(outputConfig?.bigqueryDestination?.outputUri ?? ''),
  };
}
