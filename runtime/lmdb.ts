import { join } from 'node:path';
import { open, type Database, type Key, type RootDatabase } from 'lmdb';
import { OperatorError } from '../errors/operator-error.js';
import { findLmdbFault } from './lmdb-file.js';
import { makeFolderSync } from './make-folder.js';

export interface LmdbOptions {
  /** The folder of the environment. */
  readonly path: string;
  /** LMDB fixes the number of its named databases at opening. */
  readonly maxDbs: number;
  /** Refuses writes and creates nothing but the lock file. */
  readonly readOnly?: boolean;
}

/** Opens an LMDB environment. Throws an OperatorError when it cannot be used. Write with `transact` and `clearDatabase` only. */
export function openLmdb({ path, maxDbs, readOnly = false }: LmdbOptions): RootDatabase {
  if (!readOnly) makeFolderSync(path);
  const fault = findFault(join(path, 'data.mdb'));
  if (fault !== null) throw unusable(path, `its file data.mdb is damaged or foreign: ${fault}. ${REMEDY}`);
  try {
    // With batches by turns of the event loop, lmdb makes a promise for each batch and handles it nowhere. When the disk is
    // full, that promise is rejected, and an unhandled rejection ends the process. Transactions need no such batches.
    return open({ path, maxDbs, readOnly, noSubdir: false, eventTurnBatching: false });
  } catch (cause) {
    throw unusable(path, `${(cause as Error).message}. Give this user the right to write its files. ${REMEDY}`, cause);
  }
}

const REMEDY =
  'Restore the data folder from a backup (docs/operations.md), or set FEATUREGRAPH_DATA_DIR to another folder';

function findFault(path: string): string | null {
  try {
    return findLmdbFault(path);
  } catch (error) {
    return `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}

function unusable(path: string, fault: string, cause?: unknown): OperatorError {
  return new OperatorError(`The embedded store in ${path} cannot be opened:`, [fault], { cause });
}

/** Runs a change in one transaction of LMDB. A failed commit, as on a full disk, rejects with its reason as the cause. */
export function transact<Result>(environment: RootDatabase, change: () => Result): Promise<Result> {
  return committed(environment.transaction(change));
}

/** Removes all rows of a database in a transaction of its own, outside the thread of JavaScript. It fails as `transact` does. */
export async function clearDatabase<Value, Id extends Key>(rows: Database<Value, Id>): Promise<void> {
  await committed(rows.clearAsync());
}

/**
 * The error of lmdb holds the reason of a failed commit in a second promise, which must be handled too: an unhandled rejection ends
 * the process.
 */
async function committed<Result>(written: Promise<Result>): Promise<Result> {
  try {
    return await written;
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<unknown> };
    if (commitError === undefined) throw error;
    const cause = await commitError.catch((reason: unknown) => reason);
    throw new Error('LMDB did not commit a transaction', { cause });
  }
}
