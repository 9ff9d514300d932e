import type { Instant } from '../values/instant.js';
import type { JobCost, JobWork } from '../datasources/job-store/job-cost.js';
import { NO_PROGRESS, type JobRecord } from '../datasources/job-store/job-record.js';
import type { JobOrigin } from './job-origin.js';

/** Keys of different kinds and creators are different keys. */
export interface JobRequest extends JobOrigin {
  readonly kind: string;
  readonly spec: unknown;
  /** JobRecord.subject. No part of what is asked for: a key used again is not refused because a description was changed. */
  readonly subject?: unknown;
  /** JobRecord.target. */
  readonly target?: string;
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Refuses what cannot be done by throwing; run before the job is kept. Not run for a key that was used before: the job
   * is there, and what it needed (an input since deleted, an empty output folder) may not be.
   */
  readonly check?: () => Promise<void>;
  /** What the job would use, asked after `check`. Absent: nothing that has a price. */
  readonly work?: () => Promise<JobWork>;
}

/** Work that was begun outside of the gateway, as it stands when it is first seen: it is watched to its end, if it has none. */
export type AdoptedJob = Pick<
  JobRecord,
  'kind' | 'state' | 'createdAt' | 'startedAt' | 'endedAt' | 'progress' | 'error' | 'spec' | 'checkpoint' | 'result'
> & {
  readonly target: string;
  /** Names the work, so that it is adopted once. */
  readonly key: string;
};

export function adoptedJob({ key: _, ...job }: AdoptedJob, id: string): JobRecord {
  return { ...job, id, displayName: null, labels: {}, createdBy: null, cost: null, attempts: 0 };
}

export function newJob(request: JobRequest, id: string, createdAt: Instant, cost: JobCost | null): JobRecord {
  const { kind, spec, subject, target, displayName, labels, createdBy } = request;
  return {
    id,
    kind,
    state: 'QUEUED',
    displayName,
    labels,
    createdBy,
    createdAt,
    startedAt: null,
    endedAt: null,
    progress: NO_PROGRESS,
    error: null,
    spec,
    subject,
    ...(target === undefined ? {} : { target }),
    cost,
    checkpoint: null,
    result: null,
    attempts: 0,
  };
}
