import type { Instant } from '../values/instant.js';
import type { EntityType } from '../datasources/registry/model.js';

/** Between the contents of an online store and the moment from which they lack a row that came true since. */
const EXPIRY_SEPARATOR = ' until ';

/** Who computed what a fillable online store has of an entity type; NOBODY while it is being filled, or never was. */
export type FillOwner = 'THIS_GATEWAY' | 'ANOTHER' | 'NOBODY';

/** What an online store holds that is filled from sources with these fingerprints. How nulls merge is part of that. */
export function fillFingerprint({ dense }: EntityType, fingerprints: Iterable<string>): string {
  return [dense ? 'dense' : 'sparse', ...fingerprints].join(' ');
}

/** `goodUntil` is null when no row of the future is known. */
export function addFillExpiry(contents: string, goodUntil: Instant | null): string {
  return goodUntil === null ? contents : `${contents}${EXPIRY_SEPARATOR}${goodUntil}`;
}

export function isUpToDate(currentFill: string | undefined, contents: string, now: Instant): boolean {
  const [filled, until] = currentFill?.split(EXPIRY_SEPARATOR) ?? [];
  return filled === contents && (until === undefined || now < BigInt(until));
}

/** However old the filling is: what came true since is what a sync brings. */
export function findFillOwner(currentFill: string | undefined, own: string | undefined): FillOwner {
  if (currentFill === undefined) return 'NOBODY';
  return currentFill.split(EXPIRY_SEPARATOR)[0] === own ? 'THIS_GATEWAY' : 'ANOTHER';
}
