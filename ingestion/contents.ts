import type { Instant } from '../values/instant.js';
import type { EntityType } from '../datasources/registry/model.js';

/** Between the contents of an online store and the moment from which they lack a row that came true since. */
const UNTIL = ' until ';

/** Who computed what a fillable online store has of an entity type; NOBODY while it is being filled, or never was. */
export type FilledBy = 'THIS_GATEWAY' | 'ANOTHER' | 'NOBODY';

/** What an online store holds that is filled from sources with these fingerprints. How nulls merge is part of that. */
export function contentsOf({ dense }: EntityType, fingerprints: Iterable<string>): string {
  return [dense ? 'dense' : 'sparse', ...fingerprints].join(' ');
}

/** For `Filling.contents`; null when no row of the future is known. */
export function contentsUntil(contents: string, goodUntil: Instant | null): string {
  return goodUntil === null ? contents : `${contents}${UNTIL}${goodUntil}`;
}

export function isUpToDate(filledWith: string | undefined, contents: string, now: Instant): boolean {
  const [filled, until] = filledWith?.split(UNTIL) ?? [];
  return filled === contents && (until === undefined || now < BigInt(until));
}

/** However old the filling is: what came true since is what a sync brings. */
export function filledBy(filledWith: string | undefined, own: string | undefined): FilledBy {
  if (filledWith === undefined) return 'NOBODY';
  return filledWith.split(UNTIL)[0] === own ? 'THIS_GATEWAY' : 'ANOTHER';
}
