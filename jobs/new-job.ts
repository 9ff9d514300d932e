import { NO_PROGRESS, type JobRecord } from '../datasources/job-store/job-record.js';
import type { JobPlan } from './job-handler.js';
import type { JobRequest } from './job-request.js';
import type { JobType } from './job-type.js';

/** The record of a new job before it is stored. */
export function newJob(
  { handler, kind }: JobType<unknown, unknown, unknown>,
  { displayName, labels, spec, target }: JobPlan<unknown>,
  { createdBy, idempotencyKey }: JobRequest,
  { id, createdAt, cost }: Pick<JobRecord, 'id' | 'createdAt' | 'cost'>,
): JobRecord {
  return {
    id,
    kind,
    handler,
    state: 'QUEUED',
    displayName,
    labels,
    createdBy,
    idempotencyKey,
    createdAt,
    startedAt: null,
    endedAt: null,
    progress: NO_PROGRESS,
    error: null,
    spec,
    ...(target === undefined ? {} : { target }),
    cost,
    checkpoint: null,
    result: null,
    attempts: 0,
  };
}

/**
 * Work that began outside the gateway, in its state when it is first seen. The gateway watches it to its end, if it has
 * not ended.
 */
export type AdoptedJob<Spec, Checkpoint, Result> = Pick<
  JobRecord<Spec, Checkpoint, Result>,
  'state' | 'createdAt' | 'startedAt' | 'endedAt' | 'progress' | 'error' | 'spec' | 'checkpoint' | 'result'
> & {
  readonly target: string;
  /** Identifies the work, so that it is adopted once. */
  readonly externalId: string;
};

export function adoptedJob<Spec, Checkpoint, Result>(
  { handler, kind }: JobType<Spec, Checkpoint, Result>,
  job: AdoptedJob<Spec, Checkpoint, Result>,
  id: string,
): JobRecord<Spec, Checkpoint, Result> {
  return {
    ...job,
    id,
    kind,
    handler,
    displayName: null,
    labels: {},
    createdBy: null,
    idempotencyKey: null,
    cost: null,
    attempts: 0,
  };
}
