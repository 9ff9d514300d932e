import { createHash } from 'node:crypto';
import type { JobRecord } from './job-record.js';

/**
 * A client's key with its kind and creator: the same text of another creator, or for another kind of job, is another
 * key.
 */
export interface IdempotencyKey {
  readonly kind: string;
  readonly createdBy: string | null;
  readonly idempotencyKey: string;
}

type KeyedJob = Pick<JobRecord, 'kind' | 'createdBy' | 'idempotencyKey' | 'externalId'>;

/** The store key of the job with an idempotency key. */
export function toUniqueKey(key: IdempotencyKey): string;
/** The store key of the job with an idempotency key or an external id; null for a job that has neither. */
export function toUniqueKey(job: KeyedJob): string | null;
export function toUniqueKey({ kind, createdBy, idempotencyKey, externalId }: KeyedJob): string | null {
  // The two have different prefixes: a client that guesses an external id must not prevent the adoption of that work.
  if (externalId !== undefined) return hash(['external', kind, externalId]);
  return idempotencyKey === null ? null : hash(['requested', kind, createdBy, idempotencyKey]);
}

/** Stores limit the length of their keys; clients do not. */
function hash(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
