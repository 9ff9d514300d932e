import type { Finding } from '../../diagnosis.js';
import type { BigtableConnection, TableAddress } from '../../google/bigtable/client.js';
import { DIAGNOSIS_DEADLINE_MS, diagnoseTable } from '../../google/bigtable/diagnose-table.js';
import { isCollectable, type GcRule } from '../../google/bigtable/gc-rule.js';
import { VersionedRows } from '../../google/bigtable/versioned-rows.js';
import { JOBS_FAMILY } from './jobs-family.js';

/** No job, key or gateway has a row with this key. */
const NO_ROW = '$doctor';

/** Checks that the table exists, is as docs/several-gateways.md describes, and grants the permissions of a gateway. */
export function diagnoseJobsTable(address: TableAddress, apiEndpoint?: string): AsyncGenerator<Finding> {
  const rows = ({ table }: BigtableConnection): VersionedRows =>
    new VersionedRows({ table, family: JOBS_FAMILY, deadlineMs: DIAGNOSIS_DEADLINE_MS, newId: () => NO_ROW });
  const wishes = {
    address,
    family: JOBS_FAMILY,
    policy: 'maxversions=1',
    checkCollection,
    read: (connection: BigtableConnection) => rows(connection).read(NO_ROW),
    // Deleting a row that does not exist changes nothing and needs all permissions of a write.
    write: (connection: BigtableConnection) => rows(connection).remove(NO_ROW),
    purposeOfConditions: 'by which a job has one owner',
  };
  return diagnoseTable(wishes, apiEndpoint);
}

/** Every cell has the time 0 (VersionedRows), so a rule by age would delete all jobs. */
function checkCollection(rule: GcRule, remedy: string): Finding {
  return isCollectable(rule, { rank: 1, ageSeconds: Infinity })
    ? { status: 'fault', message: 'garbage collection by age deletes jobs, keys and budgets', remedy }
    : { status: 'ok', message: 'garbage collection keeps what is stored' };
}
