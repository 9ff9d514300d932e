import type { Action } from '../policy/actions.js';

/** What an access was about. Beside the actions of the policy: a job, its results, and its end by a client. */
export type AuditedAction = Action | 'READ_JOB' | 'READ_RESULTS' | 'CANCEL_JOB';

/** ALLOWED: it was done. DENIED: the policy refused it. FAILED: it was refused or failed for another reason. */
export type Decision = 'ALLOWED' | 'DENIED' | 'FAILED';

/** One use of something that the policy protects. */
export interface AuditedAccess {
  readonly action: AuditedAction;
  readonly decision: Decision;
  /** `featurestore.entityType`. */
  readonly entityType?: string;
  readonly features?: readonly string[];
  /** Plain here; the log has their keyed hashes only. */
  readonly entityIds?: readonly string[];
  /** The points in time that were asked for, in RFC 3339. Absent: now. */
  readonly asOf?: readonly string[];
  /** Entities that were read, or rows that were written. */
  readonly rows?: number;
  /** `jobs/…`. */
  readonly job?: string;
}

/** An operation, as the log has it. */
export interface AuditedOperation {
  readonly requestId: string;
  readonly principal: string;
  /** QUERY, MUTATION, SUBSCRIPTION or INGEST. */
  readonly operation: string;
  /** As the client named it. */
  readonly operationName: string | null;
  /** The names of its root fields. Absent: rows that are sent to POST /ingest have none. */
  readonly fields?: readonly string[];
  /** In points (docs/limits.md); null where it has none. */
  readonly cost: number | null;
  /** Of the answer; null for events of a stream. */
  readonly bytes: number | null;
  readonly accesses: readonly AuditedAccess[];
}

/** Credentials that were refused in some seconds: anybody can send them, so a line counts many. */
export interface AuditedRefusals {
  /** Of the first of them; the time of the line is about that of the last. */
  readonly since: string;
  readonly refusals: number;
  /** The first addresses. `refusals` also has those of others. */
  readonly addresses: readonly { readonly address: string; readonly reason: string; readonly refusals: number }[];
}
