import { NO_PROGRESS, type JobRecord } from '../../datasources/job-store/job-record.js';

/** A job that was just kept, but for what a test says of it. */
export function jobRecord(changes: Partial<JobRecord> = {}): JobRecord {
  return {
    id: 'job',
    kind: 'TRAINING_SET',
    handler: 'test',
    state: 'QUEUED',
    displayName: null,
    labels: {},
    createdBy: null,
    idempotencyKey: null,
    createdAt: 0n,
    startedAt: null,
    endedAt: null,
    progress: NO_PROGRESS,
    error: null,
    spec: null,
    cost: null,
    checkpoint: null,
    result: null,
    attempts: 0,
    ...changes,
  };
}
