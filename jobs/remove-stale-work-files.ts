import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobStore } from '../datasources/job-store/job-store.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';

/** What jobs leave in the work folder: ID (a folder), ID.duckdb and what DuckDB keeps beside it. */
const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.duckdb(?:\.\w+)?)?$/;

/**
 * Removes what jobs left in the work folder that will not be taken up again: they have ended, or no record knows them. Gives
 * the names. Only before any job runs. Other names are let be: a data folder that was set to a wrong place may hold a folder
 * `work` of somebody else's.
 */
export async function removeStaleWorkFiles(folder: string, jobs: Pick<JobStore, 'listUnfinished'>): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return [];
  // An ended job whose cost is still to be settled is unfinished too, but does not run again.
  const resumed = new Set(
    (await jobs.listUnfinished()).filter(({ state }) => !isTerminalState(state)).map(({ id }) => id),
  );
  const left = names.filter((name) => {
    const [, id] = NAME.exec(name) ?? [];
    return id !== undefined && !resumed.has(id);
  });
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
  return left;
}
