import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { BigtableJobStore } from '../datasources/job-store/bigtable/bigtable-job-store.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import { LmdbJobStore } from '../datasources/job-store/lmdb/lmdb-job-store.js';

/** The jobs of this gateway alone, in its data folder, or those of several gateways, in Bigtable. */
export async function openJobStore({ dataDirectory, sharedJobs }: Config): Promise<JobStore> {
  if (sharedJobs === null) return new LmdbJobStore(join(dataDirectory, 'jobs'));
  return BigtableJobStore.open({ ...sharedJobs, newId: randomUUID });
}
