import { AUTH_LIMITS } from '../limits/auth-limits.js';
import { invalid } from './unauthenticated.js';

/** Text without control characters, invisible characters, line ends and halves of characters: a name is read by people. */
const READABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** Refuses what cannot be the name of a principal. */
export function checkName(name: string): string {
  if (name.length > AUTH_LIMITS.maxNameLength) {
    throw invalid(`The name in the credentials has more than ${AUTH_LIMITS.maxNameLength} characters.`);
  }
  if (!name.isWellFormed() || !READABLE.test(name) || name !== name.trim()) {
    throw invalid('The name in the credentials is empty, or has characters that cannot be in a name.');
  }
  return name;
}

/** Sorted, each once. */
export function toGroups(groups: readonly string[]): readonly string[] {
  if (groups.length > AUTH_LIMITS.maxGroups) {
    throw invalid(`The credentials have ${groups.length} groups, and at most ${AUTH_LIMITS.maxGroups} are taken.`);
  }
  return [...new Set(groups.map(checkName))].sort();
}
