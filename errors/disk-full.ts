import { GraphQLError } from 'graphql';

/** Causes of an error that are looked at: a chain can be a circle. */
const MAX_DEPTH = 10;

/** The codes of Node, and the words of the operating system, which DuckDB and LMDB pass on in their messages. */
const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const WORDS = /No space left on device|Disk quota exceeded/i;

/** For clients. */
export const DISK_FULL = 'A disk of the gateway is full. Tell its operator, and try again when the disk has room.';

/** Whether an error, or a cause of it, says that a disk has no room. */
export function isDiskFull(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && current instanceof Error; depth += 1) {
    if (CODES.has((current as NodeJS.ErrnoException).code) || WORDS.test(current.message)) return true;
    current = current instanceof GraphQLError ? current.originalError : current.cause;
  }
  return false;
}
