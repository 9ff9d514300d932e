import type { Finding } from '../../diagnosis.js';
import type { BigtableConnection } from '../../google/bigtable/client.js';
import { DIAGNOSIS_DEADLINE_MS, diagnoseTable } from '../../google/bigtable/diagnose-table.js';
import { isCollectable, type GcRule } from '../../google/bigtable/gc-rule.js';
import type { BigtableSettings } from '../../registry/model.js';
import { deleteRow } from './conditional-write.js';
import { readRows } from './read-rows.js';
import { collectionRule, RETENTION_MARGIN_SECONDS } from './table-commands.js';

/**
 * Checks that the table exists, is as docs/google-cloud-bigtable.md describes, and grants the permissions that the
 * gateway needs.
 */
export function diagnoseBigtable(settings: BigtableSettings, apiEndpoint?: string): AsyncGenerator<Finding> {
  const deadlineMs = DIAGNOSIS_DEADLINE_MS;
  const wishes = {
    address: settings,
    family: settings.columnFamily,
    policy: collectionRule(settings),
    checkCollection: (rule: GcRule, remedy: string) => diagnoseCollection(rule, settings, remedy),
    read: ({ table }: BigtableConnection) =>
      readRows({ table, family: settings.columnFamily, keys: ['$doctor'], slots: ['doctor'], until: null, deadlineMs }),
    // Deleting a row that does not exist changes nothing and needs all permissions of a write.
    write: ({ table }: BigtableConnection) => deleteRow({ table, deadlineMs }, '$doctor'),
    purposeOfConditions: 'by which the newest value is kept',
  };
  return diagnoseTable(wishes, apiEndpoint);
}

/**
 * The check evaluates the garbage collection rule for three cells: the newest value, one within the retention and one
 * far older.
 */
function diagnoseCollection(rule: GcRule, settings: BigtableSettings, todo: string): Finding {
  const retention = settings.versionRetentionSeconds;
  if (isCollectable(rule, { rank: 1, ageSeconds: Infinity })) {
    // A cell has the time of its value, so a value that did not change for a long time is old and still the newest.
    return {
      status: 'fault',
      message: 'garbage collection by age deletes values that are still the newest',
      remedy: todo,
    };
  }
  const kept = { rank: Infinity, ageSeconds: retention + RETENTION_MARGIN_SECONDS };
  if (retention > 0 && isCollectable(rule, kept)) {
    return {
      status: 'fault',
      message: `garbage collection deletes values within the versionRetentionSeconds of ${retention}, and the hour of margin`,
      remedy: todo,
    };
  }
  if (!isCollectable(rule, { rank: Infinity, ageSeconds: Infinity })) {
    return {
      status: 'warning',
      message: 'garbage collection is off: every value ever written is kept and paid for',
      remedy: todo,
    };
  }
  return { status: 'ok', message: 'garbage collection keeps what is read' };
}
