import type { protos } from '@google-cloud/aiplatform';
import { badInput } from '../../errors/app-error.js';
import { requestLabel } from './job-labels.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** The jobs on Vertex AI under one key. */
export interface IdempotentJobs {
  readonly original: Job | undefined;
  /**
   * Later duplicates for the same request: another gateway created them at the same time, or a list that lagged behind
   * caused them.
   */
  readonly duplicates: readonly Job[];
}

/**
 * The requested job among those with its key: the oldest, so that all gateways choose the same one. If all jobs are for
 * other requests, the key was used before; this is BAD_USER_INPUT, as for jobs on one machine.
 */
export function matchIdempotentJobs(found: readonly Job[], requested: Job): IdempotentJobs {
  const [kept, ...duplicates] = found.filter((job) => requestLabel(job) === requestLabel(requested)).sort(byAge);
  if (!kept && found.length > 0) {
    throw badInput(
      'This idempotency key was used before, to start another job on Vertex AI. Use a new key for a new job, or send the ' +
        'same request again.',
      'idempotencyKey',
    );
  }
  return { original: kept, duplicates };
}

/** Sorts by name where the times are equal: all gateways must have the same order. */
function byAge(one: Job, other: Job): number {
  return (
    Number(one.createTime?.seconds ?? 0) - Number(other.createTime?.seconds ?? 0) ||
    (one.createTime?.nanos ?? 0) - (other.createTime?.nanos ?? 0) ||
    ((one.name ?? '') < (other.name ?? '') ? -1 : 1)
  );
}
