import { open, type RootDatabase } from 'lmdb';

export interface LmdbOptions {
  /** The folder of the environment. */
  readonly path: string;
  /** LMDB fixes the number of its named databases at opening. */
  readonly maxDbs: number;
  /** Refuses writes and creates nothing but the lock file. */
  readonly readOnly?: boolean;
}

/** Opens an LMDB environment. Write with `transact` only. */
export function openLmdb({ path, maxDbs, readOnly = false }: LmdbOptions): RootDatabase {
  // With batches by turns of the event loop, lmdb makes a promise for each batch and handles it nowhere. When the disk is
  // full, that promise is rejected, and an unhandled rejection ends the process. Transactions need no such batches.
  return open({ path, maxDbs, readOnly, noSubdir: false, eventTurnBatching: false });
}

/**
 * Runs a change in one transaction of LMDB. A failed commit, as on a full disk, rejects with its reason as the cause.
 * The error of lmdb holds the reason in a second promise, which must be handled too.
 */
export async function transact<Result>(environment: RootDatabase, change: () => Result): Promise<Result> {
  try {
    return await environment.transaction(change);
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<unknown> };
    if (commitError === undefined) throw error;
    const cause = await commitError.catch((reason: unknown) => reason);
    throw new Error('LMDB did not commit a transaction', { cause });
  }
}
