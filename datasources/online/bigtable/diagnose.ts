import type { Finding } from '../../diagnosis.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import type { BigtableSettings } from '../../registry/model.js';
import { isCollectable, type GcRule } from './gc-rule.js';
import { deleteRow } from './conditional-write.js';
import { adviseOnError, grantOnInstance, grantOnTable } from './error-advice.js';
import { readRows } from './read-rows.js';
import { connect, isUnreachable, NoCredentials, idempotentOptions, type BigtableConnection } from './client.js';
import { createFamily, createTable, RETENTION_MARGIN_SECONDS, setCollectionRule } from './table-commands.js';

const DEADLINE_MS = 5000;

/**
 * Checks that the table exists, is as docs/google-cloud-bigtable.md describes, and grants the permissions that the
 * gateway needs.
 */
export async function* diagnoseBigtable(settings: BigtableSettings, apiEndpoint?: string): AsyncGenerator<Finding> {
  let connection: BigtableConnection | undefined;
  try {
    connection = await connect(settings, apiEndpoint, [
      'BigtableClient',
      'BigtableTableAdminClient',
      'BigtableInstanceAdminClient',
    ]);
    yield* diagnoseConnected(connection, settings);
  } catch (error) {
    // After one unreachable call the other checks stop: each would wait for its own deadline.
    if (!(error instanceof NoCredentials) && !isUnreachable(error)) throw error;
    const { reason: why, remedy: todo } = adviseOnError(error, '');
    const what = `could not look at Bigtable: ${why}`;
    yield todo === undefined ? { status: 'fault', message: what } : { status: 'fault', message: what, remedy: todo };
  } finally {
    await connection?.client.close();
  }
}

async function* diagnoseConnected(connection: BigtableConnection, settings: BigtableSettings): AsyncGenerator<Finding> {
  yield* diagnoseTable(connection, settings);
  yield await tryCheck('read values', grantOnTable(settings, 'roles/bigtable.reader'), () =>
    readRows({
      table: connection.table,
      family: settings.columnFamily,
      keys: ['$doctor'],
      slots: ['doctor'],
      until: null,
      deadlineMs: DEADLINE_MS,
    }),
  );
  // Deleting a row that does not exist changes nothing and needs all permissions of a write.
  yield await tryCheck('write conditionally', grantOnTable(settings, 'roles/bigtable.user'), () =>
    deleteRow({ table: connection.table, deadlineMs: DEADLINE_MS }, '$doctor'),
  );
  yield await diagnoseAppProfile(connection, settings);
}

interface ColumnFamilies {
  readonly [name: string]: { readonly gcRule?: GcRule | null } | undefined;
}

async function* diagnoseTable({ table }: BigtableConnection, settings: BigtableSettings): AsyncGenerator<Finding> {
  const name = `${settings.instance}/${settings.table}`;
  let families: ColumnFamilies;
  try {
    const [metadata] = await table.getMetadata({ gaxOptions: idempotentOptions(DEADLINE_MS) });
    families = (metadata as { columnFamilies?: ColumnFamilies }).columnFamilies ?? {};
  } catch (error) {
    yield readGrpcCode(error) === GRPC_STATUS.NOT_FOUND
      ? {
          status: 'fault',
          message: `there is no table ${name} in project ${settings.project}`,
          remedy: createTable(settings),
        }
      : failure(`look at the table ${name}`, grantOnTable(settings, 'roles/bigtable.viewer'), error);
    return;
  }
  yield { status: 'ok', message: `the table ${name} is there` };

  const family = families[settings.columnFamily];
  if (!family) {
    yield {
      status: 'fault',
      message: `the table has no column family "${settings.columnFamily}", only: ${Object.keys(families).join(', ')}`,
      remedy: createFamily(settings),
    };
    return;
  }
  yield { status: 'ok', message: `the column family "${settings.columnFamily}" is there` };
  yield diagnoseCollection(family.gcRule ?? {}, settings);
}

/**
 * The check evaluates the garbage collection rule for three cells: the newest value, one within the retention and one
 * far older.
 */
function diagnoseCollection(rule: GcRule, settings: BigtableSettings): Finding {
  const todo = setCollectionRule(settings);
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

async function diagnoseAppProfile({ client }: BigtableConnection, settings: BigtableSettings): Promise<Finding> {
  const name = settings.appProfile ?? 'default';
  try {
    const [profile] = await client
      .instance(settings.instance)
      .appProfile(name)
      .getMetadata(idempotentOptions(DEADLINE_MS));
    if (profile.singleClusterRouting?.allowTransactionalWrites) {
      return { status: 'ok', message: `the app profile "${name}" routes to one cluster and allows conditional writes` };
    }
    return {
      status: 'fault',
      message: `the app profile "${name}" does not allow conditional writes to one cluster, by which the newest value is kept`,
      remedy:
        `gcloud bigtable app-profiles update ${name} --project=${settings.project} --instance=${settings.instance} ` +
        '--route-to=CLUSTER --transactional-writes',
    };
  } catch (error) {
    if (readGrpcCode(error) === GRPC_STATUS.UNIMPLEMENTED) {
      return { status: 'warning', message: `the app profile "${name}" cannot be looked at: an emulator has none` };
    }
    return failure(`look at the app profile "${name}"`, grantOnInstance(settings, 'roles/bigtable.viewer'), error);
  }
}

async function tryCheck(what: string, grant: string, run: () => Promise<unknown>): Promise<Finding> {
  try {
    await run();
    return { status: 'ok', message: `the gateway may ${what}` };
  } catch (error) {
    return failure(what, grant, error);
  }
}

/** Continues with the next check unless the store is unreachable. */
function failure(what: string, grant: string, error: unknown): Finding {
  if (isUnreachable(error)) throw error;
  const { reason: why, remedy: todo } = adviseOnError(error, grant);
  const finding: Finding = { status: 'fault', message: `could not ${what}: ${why}` };
  return todo === undefined ? finding : { ...finding, remedy: todo };
}
