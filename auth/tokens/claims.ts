import type { JWTPayload } from 'jose';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import { invalid } from '../unauthenticated.js';

/**
 * A claim by its name, e.g. `https://example.com/roles`, or by its path, e.g. `realm_access.roles`. The name comes first.
 */
export function readClaim(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  let found: unknown = payload;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

/** The groups of a token: a list of strings, or one string. A token without the claim has none. */
export function groupsOf(payload: JWTPayload, path: string | undefined): readonly string[] {
  const found = path === undefined ? undefined : readClaim(payload, path);
  if (found === undefined || found === null) return [];
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  if (list.every((group) => typeof group === 'string')) return list;
  throw invalid(`The claim "${path}" of the token is not a list of strings.`);
}

/** The named claims as text. A claim that is absent stays absent; a list or an object has no text that is certain. */
export function claimsOf(payload: JWTPayload, names: readonly string[]): ReadonlyMap<string, string> {
  const claims = new Map<string, string>();
  for (const name of names) {
    const found = readClaim(payload, name);
    if (found === undefined || found === null) continue;
    const value = toText(found);
    if (value === undefined || value.length > AUTH_LIMITS.maxClaimLength || !value.isWellFormed()) {
      throw invalid(
        `The claim "${name}" of the token is not a text, a whole number or a flag of at most ${AUTH_LIMITS.maxClaimLength} characters.`,
      );
    }
    claims.set(name, value);
  }
  return claims;
}

/** Refuses a token that lacks a required claim, or has it with another value. */
export function checkRequiredClaims(
  payload: JWTPayload,
  required: Readonly<Record<string, string | number | boolean>>,
): void {
  for (const [name, value] of Object.entries(required)) {
    const found = readClaim(payload, name);
    if (found !== value && !(Array.isArray(found) && found.includes(value))) {
      throw invalid(`The claim "${name}" of the token does not have the value that this gateway needs.`);
    }
  }
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value);
  return undefined;
}
