import { decodeEntityId } from '../../values/entity-id.js';
import type { Principal } from '../principal.js';
import type { Who } from './policy-document.js';

export type Matches = (text: string) => boolean;

/** A piece of a pattern: literal text, or any text. */
type Piece = string | typeof ANY;
const ANY = Symbol('*');

/**
 * Compiles literal pieces with any text between them. Literals are searched from left to right, so the time is linear in
 * the text for each literal: a client cannot make it slow, as it could with a regular expression.
 */
function compile(pieces: readonly Piece[]): Matches {
  const literals: string[] = [''];
  for (const piece of pieces) {
    if (piece === ANY) literals.push('');
    else literals.push((literals.pop() ?? '') + piece);
  }
  const [first = ''] = literals;
  if (literals.length === 1) return (text) => text === first;
  const last = literals.at(-1)!;
  const inner = literals.slice(1, -1).filter((literal) => literal !== '');
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const literal of inner) {
      const found = text.indexOf(literal, at);
      if (found < 0 || found + literal.length > end) return false;
      at = found + literal.length;
    }
    return true;
  };
}

function split(pattern: string): Piece[] {
  return pattern.split('*').flatMap((literal, index) => (index === 0 ? [literal] : [ANY, literal]));
}

export function hasWildcard(pattern: string): boolean {
  return pattern.includes('*');
}

/** Matches text with one of the patterns. No patterns: all text. */
export function matcher(patterns: readonly string[] | undefined): Matches {
  if (!patterns) return () => true;
  const all = patterns.map((pattern) => compile(split(pattern)));
  return (text) => all.some((matches) => matches(text));
}

/** Whether a rule applies to a principal. */
export function isWho(who: Who | 'EVERYONE', { name, kind, groups, claims }: Principal): boolean {
  if (who === 'EVERYONE') return true;
  if (who.kinds && !who.kinds.includes(kind)) return false;
  if (who.names && !matcher(who.names)(name)) return false;
  if (who.groups && !groups.some(matcher(who.groups))) return false;
  return Object.entries(who.claims ?? {}).every(([claim, values]) => {
    const value = claims.get(claim);
    return value !== undefined && matcher(values)(value);
  });
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** The placeholders of a pattern of entity ids that are neither {name} nor {claims.…}. */
export function unknownPlaceholders(pattern: string): string[] {
  return [...pattern.matchAll(PLACEHOLDER)].flatMap(([text, inner = '']) =>
    inner === 'name' || /^claims\..+$/.test(inner) ? [] : [text],
  );
}

/** The claims that a pattern of entity ids uses. */
export function usedClaims(pattern: string): string[] {
  return [...pattern.matchAll(PLACEHOLDER)].flatMap(([, inner = '']) =>
    inner.startsWith('claims.') ? [inner.slice('claims.'.length)] : [],
  );
}

/** Matches canonical entity ids, for one principal. */
export interface EntityIdMatcher {
  readonly matches: (entityId: string, columns: readonly string[]) => boolean;
}

/**
 * Compiles patterns of entity ids for a principal. The parts of a composite id are matched one by one, decoded: a claim
 * that contains a comma or an asterisk stays the value of one column. A pattern with a claim that the principal lacks, or
 * whose claim is empty, matches no id: an empty tenant must not match the ids of all.
 */
export function entityIdMatcher(patterns: readonly string[], principal: Principal): EntityIdMatcher {
  const whole: Matches[] = [];
  const byParts: (readonly Matches[])[] = [];
  for (const pattern of patterns) {
    const single = fill(pattern, principal);
    if (!single) continue;
    whole.push(compile(single));
    const parts = pattern
      .split(',')
      .map((part) => fill(part.replaceAll(/%2C/gi, ',').replaceAll('%25', '%'), principal)!);
    byParts.push(parts.map(compile));
  }
  return {
    matches: (entityId, columns) => {
      if (columns.length === 1) return whole.some((matches) => matches(entityId));
      const parts = decodeEntityId(entityId, columns);
      return byParts.some(
        (matches) => matches.length === parts.length && matches.every((part, index) => part(parts[index]!)),
      );
    },
  };
}

/** undefined: the principal lacks a claim. */
function fill(pattern: string, { name, claims }: Principal): Piece[] | undefined {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: text, 1: inner = '', index } of pattern.matchAll(PLACEHOLDER)) {
    const value = inner === 'name' ? name : claims.get(inner.slice('claims.'.length));
    if (value === undefined || value === '') return undefined;
    pieces.push(...split(pattern.slice(at, index)), value);
    at = index + text.length;
  }
  pieces.push(...split(pattern.slice(at)));
  return pieces;
}
