import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobStore } from '../datasources/job-store/job-store.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';

/** The files of jobs in the work folder: ID (a folder), ID.duckdb and DuckDB's files beside it, and ID.partial. */
const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.duckdb(?:\.\w+)?|\.partial(?:\.provenance\.json)?)?$/;

/**
 * Removes the files of jobs in the work folder that will not run again: the jobs have ended, or have no record. Returns
 * the names. Call it only before any job runs. It does not touch other names: a data folder with a wrong path may
 * contain a folder `work` of another program.
 */
export async function removeStaleWorkFiles(folder: string, jobs: Pick<JobStore, 'listUnfinished'>): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return [];
  // An ended job whose cost is not settled is unfinished too, but does not run again.
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
