import type { Finding } from '../../diagnosis.js';
import { GRPC_STATUS, readGrpcCode } from '../grpc-status.js';
import {
  connect,
  idempotentOptions,
  isUnreachable,
  NoCredentials,
  type BigtableConnection,
  type TableAddress,
} from './client.js';
import { adviseOnError, grantOnInstance, grantOnTable } from './error-advice.js';
import type { GcRule } from './gc-rule.js';

export const DIAGNOSIS_DEADLINE_MS = 5000;

/** How the table of a store must be. */
export interface TableWishes {
  readonly address: TableAddress;
  readonly family: string;
  /** The garbage collection policy, as cbt writes it. */
  readonly policy: string;
  readonly checkCollection: (rule: GcRule, remedy: string) => Finding;
  /** What a gateway reads and writes. The calls change nothing. */
  readonly read: (connection: BigtableConnection) => Promise<unknown>;
  readonly write: (connection: BigtableConnection) => Promise<unknown>;
  /** What conditional writes are for: `by which the newest value is kept`. */
  readonly purposeOfConditions: string;
}

/** Checks that a table exists, is as the store needs it, and grants the permissions that the gateway needs. */
export async function* diagnoseTable(wishes: TableWishes, apiEndpoint?: string): AsyncGenerator<Finding> {
  let connection: BigtableConnection | undefined;
  try {
    connection = await connect(wishes.address, apiEndpoint, [
      'BigtableClient',
      'BigtableTableAdminClient',
      'BigtableInstanceAdminClient',
    ]);
    yield* diagnoseConnected(connection, wishes);
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

async function* diagnoseConnected(connection: BigtableConnection, wishes: TableWishes): AsyncGenerator<Finding> {
  const { address, read, write } = wishes;
  yield* diagnoseShape(connection, wishes);
  yield await tryCheck('read values', grantOnTable(address, 'roles/bigtable.reader'), () => read(connection));
  yield await tryCheck('write conditionally', grantOnTable(address, 'roles/bigtable.user'), () => write(connection));
  yield await diagnoseAppProfile(connection, wishes);
}

interface ColumnFamilies {
  readonly [name: string]: { readonly gcRule?: GcRule | null } | undefined;
}

async function* diagnoseShape(
  { table }: BigtableConnection,
  { address, family: wanted, policy, checkCollection }: TableWishes,
): AsyncGenerator<Finding> {
  const name = `${address.instance}/${address.table}`;
  const setPolicy = `${cbt(address)} setgcpolicy ${address.table} ${wanted} "${policy}"`;
  let families: ColumnFamilies;
  try {
    const [metadata] = await table.getMetadata({ gaxOptions: idempotentOptions(DIAGNOSIS_DEADLINE_MS) });
    families = (metadata as { columnFamilies?: ColumnFamilies }).columnFamilies ?? {};
  } catch (error) {
    yield readGrpcCode(error) === GRPC_STATUS.NOT_FOUND
      ? {
          status: 'fault',
          message: `there is no table ${name} in project ${address.project}`,
          remedy:
            `gcloud bigtable instances tables create ${address.table} --project=${address.project} ` +
            `--instance=${address.instance} --column-families="${wanted}:${policy}"`,
        }
      : failure(`look at the table ${name}`, grantOnTable(address, 'roles/bigtable.viewer'), error);
    return;
  }
  yield { status: 'ok', message: `the table ${name} is there` };

  const family = families[wanted];
  if (!family) {
    yield {
      status: 'fault',
      message: `the table has no column family "${wanted}", only: ${Object.keys(families).join(', ')}`,
      remedy: `${cbt(address)} createfamily ${address.table} ${wanted}; ${setPolicy}`,
    };
    return;
  }
  yield { status: 'ok', message: `the column family "${wanted}" is there` };
  yield checkCollection(family.gcRule ?? {}, setPolicy);
}

async function diagnoseAppProfile(
  { client }: BigtableConnection,
  { address, purposeOfConditions }: TableWishes,
): Promise<Finding> {
  const name = address.appProfile ?? 'default';
  try {
    const [profile] = await client
      .instance(address.instance)
      .appProfile(name)
      .getMetadata(idempotentOptions(DIAGNOSIS_DEADLINE_MS));
    if (profile.singleClusterRouting?.allowTransactionalWrites) {
      return { status: 'ok', message: `the app profile "${name}" routes to one cluster and allows conditional writes` };
    }
    return {
      status: 'fault',
      message: `the app profile "${name}" does not allow conditional writes to one cluster, ${purposeOfConditions}`,
      remedy:
        `gcloud bigtable app-profiles update ${name} --project=${address.project} --instance=${address.instance} ` +
        '--route-to=CLUSTER --transactional-writes',
    };
  } catch (error) {
    if (readGrpcCode(error) === GRPC_STATUS.UNIMPLEMENTED) {
      return { status: 'warning', message: `the app profile "${name}" cannot be looked at: an emulator has none` };
    }
    return failure(`look at the app profile "${name}"`, grantOnInstance(address, 'roles/bigtable.viewer'), error);
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

function cbt({ project, instance }: TableAddress): string {
  return `cbt -project ${project} -instance ${instance}`;
}
