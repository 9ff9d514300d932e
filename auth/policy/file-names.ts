import { posix } from 'node:path';
import { matcher } from './patterns.js';

/**
 * Whether patterns of a policy cover a name that a client gave: a file, a folder or a pattern of its own. The wildcards of
 * the client count as plain characters: only a wildcard of the policy can cover them, and it covers whatever they stand
 * for. (A policy has no other wildcards than `*`: policy-faults.ts.)
 */
export function isCoveredFile(patterns: readonly string[], name: string): boolean {
  const path = normalizeFileName(name);
  return patterns.some((pattern) => {
    const matches = matcher([pattern]);
    // `labels/*` also covers the folder `labels`: each file in it matches.
    return matches(path) || (pattern.endsWith('*') && matches(`${path}/`));
  });
}

/** `labels/../secret/a.csv` is `secret/a.csv`. The names of objects in Cloud Storage are what they say. */
function normalizeFileName(name: string): string {
  if (name.startsWith('gs://')) return name;
  const path = posix.normalize(name);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
