import type { protos } from '@google-cloud/aiplatform';
import { badInput } from '../../errors/app-error.js';
import { requestLabel } from './job-labels.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** What Vertex AI has under one key. */
export interface IdempotentJobs {
  readonly original: Job | undefined;
  /** Made for the same request later on: by another gateway at the same time, or after a list that lagged behind. */
  readonly duplicates: readonly Job[];
}

/**
 * The job that was asked for among those found under its key: the oldest, so that all gateways come to the same one. Where
 * there are only jobs for something else, the key was used before, and that is BAD_USER_INPUT, as for jobs on one machine.
 */
export function matchIdempotentJobs(found: readonly Job[], requested: Job): IdempotentJobs {
  const [kept, ...younger] = found.filter((job) => isSameRequest(job, requested)).sort(byAge);
  if (!kept && found.length > 0) {
    throw badInput(
      'This idempotency key was used before, to start another job on Vertex AI. Use a new key for a new job, or send the ' +
        'same request again.',
      'idempotencyKey',
    );
  }
  // Only what says itself that it is the same is ever ended.
  return { original: kept, duplicates: younger.filter((job) => requestLabel(job) === requestLabel(requested)) };
}

/** A job without the label was made by an earlier version: it is the same unless something contradicts that. */
function isSameRequest(job: Job, requested: Job): boolean {
  const label = requestLabel(job);
  if (label !== undefined) return label === requestLabel(requested);
  const { inputConfig, outputConfig, modelParameters = null } = requested;
  return (
    modelId(job) === modelId(requested) &&
    includesRequested(job.inputConfig, inputConfig) &&
    includesRequested(job.outputConfig, outputConfig) &&
    (modelParameters === null ? job.modelParameters == null : includesRequested(job.modelParameters, modelParameters))
  );
}

/** An answer may name the project by its number, and leaves the version to a field of its own. */
function modelId({ model }: Job): string | undefined {
  return /models\/([^@/]+)/.exec(model ?? '')?.[1];
}

/** Whether an answer has all that was asked for; it has more, such as fields that nobody set. */
function includesRequested(answer: unknown, requested: unknown): boolean {
  if (typeof requested !== 'object' || requested === null) return answer === requested;
  if (typeof answer !== 'object' || answer === null) return false;
  if (Array.isArray(requested) && requested.length !== (answer as unknown[]).length) return false;
  return Object.entries(requested).every(([name, part]) =>
    includesRequested((answer as Record<string, unknown>)[name], part),
  );
}

/** By name where the times are the same: any order will do that is the same everywhere. */
function byAge(one: Job, other: Job): number {
  return (
    Number(one.createTime?.seconds ?? 0) - Number(other.createTime?.seconds ?? 0) ||
    (one.createTime?.nanos ?? 0) - (other.createTime?.nanos ?? 0) ||
    ((one.name ?? '') < (other.name ?? '') ? -1 : 1)
  );
}
