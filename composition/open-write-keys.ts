import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { TableAddress } from '../datasources/google/bigtable/client.js';
import { openRows } from '../datasources/google/bigtable/open-rows.js';
import { JOBS_FAMILY } from '../datasources/job-store/bigtable/jobs-family.js';
import { BigtableWriteKeys } from '../datasources/online/bigtable/bigtable-write-keys.js';
import { LmdbWriteKeys } from '../datasources/online/lmdb/lmdb-write-keys.js';
import type { WriteKeys } from '../datasources/online/write-keys.js';
import { WRITE_LIMITS } from '../limits/write-limits.js';
import type { Clock } from '../values/clock.js';

export interface WriteKeysOptions {
  readonly dataDirectory: string;
  /** The table that several gateways share; null: the keys are in the data folder. */
  readonly sharedTable: TableAddress | null;
  readonly clock: Clock;
}

/** A write waits for two or three calls of this deadline, and its client for 30 seconds. */
const DEADLINE_MS = 5_000;

/** The idempotency keys of writes. */
export async function openWriteKeys({ dataDirectory, sharedTable, clock }: WriteKeysOptions): Promise<WriteKeys> {
  if (!sharedTable) return new LmdbWriteKeys(join(dataDirectory, 'write-keys'), WRITE_LIMITS.maxRememberedKeys);
  const { rows, close } = await openRows('The store of idempotency keys', {
    table: sharedTable,
    family: JOBS_FAMILY,
    deadlineMs: DEADLINE_MS,
    newId: randomUUID,
  });
  return new BigtableWriteKeys({ rows, clock, close, maxKeysPerDay: WRITE_LIMITS.maxSharedKeysPerDay });
}
