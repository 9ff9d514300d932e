import type { Instant } from '../../values/instant.js';
import { NO_PROGRESS, type JobKind, type JobRecord } from './job.js';

export interface JobRequest {
  readonly kind: JobKind;
  readonly spec: unknown;
  /** JobRecord.subject. No part of what is asked for: a key used again is not refused because a description was changed. */
  readonly subject?: unknown;
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string | null;
  /** null: each request starts a job. Keys of different kinds and creators are different keys. */
  readonly idempotencyKey: string | null;
  /**
   * Refuses what cannot be done by throwing; run before the job is kept. Not run for a key that was used before: the job
   * is there, and what it needed (an input since deleted, an empty output folder) may not be.
   */
  readonly check?: () => Promise<void>;
}

/** The record of a new job. */
export function recordOf(
  { kind, spec, subject, displayName, labels, createdBy }: JobRequest,
  id: string,
  createdAt: Instant,
): JobRecord {
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
    checkpoint: null,
    result: null,
    attempts: 0,
  };
}
