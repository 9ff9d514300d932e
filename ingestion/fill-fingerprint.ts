import type { Instant } from '../values/instant.js';
import type { EntityType } from '../datasources/registry/model.js';

/**
 * Separates the fingerprint of an online store's contents from the moment at which a later row becomes true that they
 * lack.
 */
const EXPIRY_SEPARATOR = ' until ';

/**
 * The gateway that computed a fillable online store's contents of an entity type; NONE during a fill, or before the
 * first.
 */
export type FillOwner = 'THIS_GATEWAY' | 'ANOTHER' | 'NONE';

/**
 * The fingerprint of an online store that is filled from sources with these fingerprints. It includes the rule by which
 * nulls merge.
 */
export function fillFingerprint({ dense }: EntityType, fingerprints: Iterable<string>): string {
  return [dense ? 'dense' : 'sparse', ...fingerprints].join(' ');
}

/** `goodUntil` is null when no future row is known. */
export function addFillExpiry(contents: string, goodUntil: Instant | null): string {
  return goodUntil === null ? contents : `${contents}${EXPIRY_SEPARATOR}${goodUntil}`;
}

export function isUpToDate(currentFill: string | undefined, contents: string, now: Instant): boolean {
  const [filled, until] = currentFill?.split(EXPIRY_SEPARATOR) ?? [];
  return filled === contents && (until === undefined || now < BigInt(until));
}

/** The moment at which a fill lacks a row that became true; null when no such row is known. */
export function findFillExpiry(currentFill: string | undefined): Instant | null {
  const until = currentFill?.split(EXPIRY_SEPARATOR)[1];
  return until === undefined ? null : BigInt(until);
}

/** The age of a fill does not matter: a sync brings the rows that became true since. */
export function findFillOwner(currentFill: string | undefined, own: string | undefined): FillOwner {
  if (currentFill === undefined) return 'NONE';
  return currentFill.split(EXPIRY_SEPARATOR)[0] === own ? 'THIS_GATEWAY' : 'ANOTHER';
}
