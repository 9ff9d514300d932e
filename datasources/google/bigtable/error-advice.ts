import { toErrorMessage } from '../../../errors/error-message.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { GRPC_STATUS, readGrpcCode } from '../grpc-status.js';
import { isUnreachable, NoCredentials, type TableAddress } from './client.js';

export interface ErrorAdvice {
  readonly reason: string;
  readonly remedy?: string;
}

/** The client joins all failed attempts into one message, which may have kilobytes. */
const MAX_REASON_LENGTH = 200;

/** Tells the operator why a call failed and what to do. `grant` is the command that grants the missing permission. */
export function adviseOnError(error: unknown, grant: string): ErrorAdvice {
  if (error instanceof NoCredentials) {
    return {
      reason: `there are no credentials that can be used: ${shortenMessage(error)}`,
      remedy:
        'Run as a service account of Google Cloud, or name a key with GOOGLE_APPLICATION_CREDENTIALS; on your own machine: ' +
        'gcloud auth application-default login',
    };
  }
  const code = readGrpcCode(error);
  if (code === GRPC_STATUS.UNAUTHENTICATED) {
    return {
      reason: `the credentials are refused: ${shortenMessage(error)}`,
      remedy: 'Make new ones; on your own machine: gcloud auth application-default login',
    };
  }
  if (code === GRPC_STATUS.PERMISSION_DENIED) return { reason: 'its account is not allowed to', remedy: grant };
  if (isUnreachable(error)) {
    return {
      reason: `it did not answer: ${shortenMessage(error)}`,
      remedy: 'Look at the network: are bigtable.googleapis.com and bigtableadmin.googleapis.com reached from here?',
    };
  }
  return { reason: shortenMessage(error) };
}

/**
 * The error that ends a start. `store` names the store for the operator, and `createTable` is the command that creates
 * its table. Errors that do not come from Bigtable stay unchanged.
 */
export function toStartError(store: string, address: TableAddress, error: unknown, createTable?: string): unknown {
  if (!(error instanceof NoCredentials) && readGrpcCode(error) === undefined) return error;
  const { project, instance, table } = address;
  const { reason: why, remedy } = adviseOnError(error, grantOnTable(address, 'roles/bigtable.user'));
  const isMissing = readGrpcCode(error) === GRPC_STATUS.NOT_FOUND && createTable !== undefined;
  const todo = isMissing ? `If it is the table: ${createTable}` : remedy;
  return new OperatorError(
    `${store} cannot be used, table ${instance}/${table} of project ${project}:`,
    [why, ...(todo === undefined ? [] : [todo]), '"featuregraph doctor" checks all that the store needs'],
    { cause: error },
  );
}

export function grantOnTable({ project, instance, table }: TableAddress, role: string): string {
  return (
    `gcloud bigtable instances tables add-iam-policy-binding ${table} --instance=${instance} --project=${project} ` +
    `--member=ACCOUNT --role=${role}`
  );
}

/** App profiles belong to the instance. */
export function grantOnInstance({ project, instance }: TableAddress, role: string): string {
  return `gcloud bigtable instances add-iam-policy-binding ${instance} --project=${project} --member=ACCOUNT --role=${role}`;
}

function shortenMessage(error: unknown): string {
  const message = toErrorMessage(error);
  const [line = ''] = message.split('\n');
  return line.length <= MAX_REASON_LENGTH ? line : `${line.slice(0, MAX_REASON_LENGTH)}…`;
}
