import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** The folders that this process has locked. The lock of a file does not keep a process from itself. */
const LOCKED = new Set<string>();

/**
 * Locks a folder for this process, until the returned function is called or the process ends. undefined: another one has
 * it. Node.js cannot lock a file. DuckDB locks the one that it opens, and the operating system frees that lock when the
 * process ends, however it ends.
 */
export async function lockFolder(folder: string): Promise<(() => void) | undefined> {
  const path = await realpath(folder);
  if (LOCKED.has(path)) return undefined;
  LOCKED.add(path);
  try {
    const instance = await DuckDBInstance.create(join(path, 'lock'), { threads: '1', memory_limit: '16MB' });
    return () => {
      instance.closeSync();
      LOCKED.delete(path);
    };
  } catch (error) {
    LOCKED.delete(path);
    if (/could not set lock|conflicting lock|being used by another process/i.test((error as Error).message)) {
      return undefined;
    }
    throw error;
  }
}
