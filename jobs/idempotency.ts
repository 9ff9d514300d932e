import { createHash } from 'node:crypto';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { AdoptedJob, JobRequest } from './new-job.js';

/** Under what a store keeps the key of a request. A hash: stores limit the length of their keys, clients do not. */
export function scopeIdempotencyKey({ kind, createdBy, idempotencyKey }: JobRequest): string | null {
  if (idempotencyKey === null) return null;
  return hashParts([kind, createdBy, idempotencyKey]);
}

/** Another kind of key: no client can say one, and so keep the work from being adopted. */
export function toAdoptionKey({ kind, key }: AdoptedJob): string {
  return hashParts(['adopted', kind, null, key]);
}

function hashParts(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Whether a request asks for what a job was started for. The order of names in an object says nothing. */
export function isSameRequest(request: JobRequest, { spec, displayName, labels }: JobRecord): boolean {
  const asked = toCanonicalJson([request.spec, request.displayName, request.labels]);
  return asked === toCanonicalJson([spec, displayName, labels]);
}

/** The same text for the same value, whatever the order of its fields. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
