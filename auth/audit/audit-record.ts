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
  /** The id of its trusted document. Absent: it is none. */
  readonly documentId?: string;
  /** The names of its root fields. Absent: rows that are sent to POST /ingest have none. */
  readonly fields?: readonly string[];
  /** In points (docs/limits.md); null where it has none. */
  readonly cost: number | null;
  /** Of the answer; null for events of a stream. */
  readonly bytes: number | null;
  /** The different codes of the errors in the answer, at most 10. Absent: it has none. */
  readonly codes?: readonly string[];
  readonly accesses: readonly AuditedAccess[];
}

/** Credentials that were refused in some seconds: any client can send them, so a line counts many. */
export interface AuditedRefusals {
  /** Of the first of them; the time of the line is about that of the last. */
  readonly since: string;
  readonly refusals: number;
  /** The first addresses. `refusals` also has those of others. */
  readonly addresses: readonly { readonly address: string; readonly reason: string; readonly refusals: number }[];
}

/** An operation that did not run: it was not valid, too expensive, one too many, or came at a bad time. */
export interface RefusedOperation {
  readonly principal: string;
  readonly requestId: string;
  /** QUERY, MUTATION, SUBSCRIPTION or INGEST; null if the gateway does not know it, e.g. of a document with a syntax error. */
  readonly operation: string | null;
  /** The code of the error (docs/errors.md). */
  readonly code: string;
  /** Its text; null if none was read. The log has its keyed hash only. */
  readonly document: string | null;
}

/** Operations that did not run, of some seconds: a client can send any number of them, so a line counts many. */
export interface AuditedRefusedOperations {
  /** Of the first of them; the time of the line is about that of the last. */
  readonly since: string;
  readonly refusals: number;
  /** By principal and code, each with its first one. `refusals` also has those beyond the bounds of a line. */
  readonly operations: readonly (RefusedOperation & {
    readonly decision: 'REFUSED';
    readonly time: string;
    readonly refusals: number;
  })[];
}
