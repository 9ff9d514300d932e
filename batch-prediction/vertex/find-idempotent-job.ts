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

/** By name where the times are the same: any order will do that is the same everywhere. */
function byAge(one: Job, other: Job): number {
  return (
    Number(one.createTime?.seconds ?? 0) - Number(other.createTime?.seconds ?? 0) ||
    (one.createTime?.nanos ?? 0) - (other.createTime?.nanos ?? 0) ||
    ((one.name ?? '') < (other.name ?? '') ? -1 : 1)
  );
}
