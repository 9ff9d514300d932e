import { toErrorMessage } from '../../../errors/error-message.js';
import { AppError } from '../../../errors/app-error.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { toStoreError } from '../../google/store-error.js';
import type { BigtableSettings } from '../../registry/model.js';
import { isUnreachable, NoCredentials } from './client.js';
import { createTable } from './table-commands.js';

const STORE = 'The online store';

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
 * The error that ends a start, with the name of the store in the registry. Errors that do not come from Bigtable stay
 * unchanged.
 */
export function toStartError(settings: BigtableSettings, error: unknown): unknown {
  if (!(error instanceof NoCredentials) && readGrpcCode(error) === undefined) return error;
  const { project, instance, table } = settings;
  const { reason: why, remedy } = adviseOnError(error, grantOnTable(settings, 'roles/bigtable.user'));
  const isMissing = readGrpcCode(error) === GRPC_STATUS.NOT_FOUND;
  const todo = isMissing ? `If it is the table: ${createTable(settings)}` : remedy;
  return new OperatorError(
    `The online store BIGTABLE cannot be used, table ${instance}/${table} of project ${project}:`,
    [why, ...(todo === undefined ? [] : [todo]), '"featuregraph doctor" looks at all that the store wants'],
    { cause: error },
  );
}

/** What only the operator can change: a resource that is missing, or an account that may not use it. */
const OPERATOR_CODES: readonly number[] = [
  GRPC_STATUS.NOT_FOUND,
  GRPC_STATUS.PERMISSION_DENIED,
  GRPC_STATUS.UNAUTHENTICATED,
];

/**
 * The error of a failed read or write while the gateway serves. A table that is missing, or closed to the gateway,
 * serves nothing to anybody, so clients get STORE_UNAVAILABLE; the log has the reason and the command that cures it.
 */
export function toServingError(settings: BigtableSettings, error: unknown): unknown {
  const code = readGrpcCode(error);
  if (code === undefined || !OPERATOR_CODES.includes(code)) return toStoreError(STORE, error, isUnreachable);
  const cause = toStartError(settings, error);
  return new AppError('STORE_UNAVAILABLE', `${STORE} cannot be used. The log of the gateway says why.`, {}, { cause });
}

export function grantOnTable({ project, instance, table }: BigtableSettings, role: string): string {
  return (
    `gcloud bigtable instances tables add-iam-policy-binding ${table} --instance=${instance} --project=${project} ` +
    `--member=ACCOUNT --role=${role}`
  );
}

/** App profiles belong to the instance. */
export function grantOnInstance({ project, instance }: BigtableSettings, role: string): string {
  return `gcloud bigtable instances add-iam-policy-binding ${instance} --project=${project} --member=ACCOUNT --role=${role}`;
}

function shortenMessage(error: unknown): string {
  const message = toErrorMessage(error);
  const [line = ''] = message.split('\n');
  return line.length <= MAX_REASON_LENGTH ? line : `${line.slice(0, MAX_REASON_LENGTH)}…`;
}
