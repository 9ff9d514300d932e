import { randomUUID } from 'node:crypto';
import { BigtableJobStore } from '../../../datasources/job-store/bigtable/bigtable-job-store.js';
import { JOBS_FAMILY } from '../../../datasources/job-store/bigtable/jobs-family.js';
import type { TableAddress } from '../../../datasources/google/bigtable/client.js';
import { createTable, type BigtableEmulator } from './bigtable-emulator.js';

/** A table of its own for jobs, as docs/several-gateways.md describes it. */
export async function createJobsTable({ endpoint }: BigtableEmulator): Promise<TableAddress> {
  const { project, instance, table } = await createTable(endpoint, {
    columnFamily: JOBS_FAMILY,
    rule: { versions: 1 },
  });
  return { project, instance, table, appProfile: null };
}

/** As one gateway opens it. A busy machine is slow, so the deadline is long. */
export async function openJobStore(
  { endpoint }: BigtableEmulator,
  table: TableAddress,
  { leaseMs = 60_000, deadlineMs = 60_000 } = {},
): Promise<BigtableJobStore> {
  return BigtableJobStore.open({ table, newId: randomUUID, leaseMs, deadlineMs, apiEndpoint: endpoint });
}
