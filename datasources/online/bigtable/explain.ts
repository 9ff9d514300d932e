import { status as CODE } from '@grpc/grpc-js';
import { OperatorError } from '../../../errors/operator-error.js';
import type { BigtableSettings } from '../../registry/model.js';
import { codeOf, isOutOfReach, NoCredentials } from './store-calls.js';

export interface Explanation {
  readonly why: string;
  readonly todo?: string;
}

/** The client puts all failed attempts into one message, which may have kilobytes. */
const LONGEST_REASON = 200;

/** Why a call failed and what to do, in the operator's words. `grant` is the command that gives the right to make it. */
export function explain(error: unknown, grant: string): Explanation {
  if (error instanceof NoCredentials) {
    return {
      why: `there are no credentials that can be used: ${reasonOf(error)}`,
      todo:
        'Run as a service account of Google Cloud, or name a key with GOOGLE_APPLICATION_CREDENTIALS; on your own machine: ' +
        'gcloud auth application-default login',
    };
  }
  const code = codeOf(error);
  if (code === CODE.UNAUTHENTICATED) {
    return {
      why: `the credentials are refused: ${reasonOf(error)}`,
      todo: 'Make new ones; on your own machine: gcloud auth application-default login',
    };
  }
  if (code === CODE.PERMISSION_DENIED) return { why: 'its account is not allowed to', todo: grant };
  if (isOutOfReach(error)) {
    return {
      why: `it did not answer: ${reasonOf(error)}`,
      todo: 'Look at the network: are bigtable.googleapis.com and bigtableadmin.googleapis.com reached from here?',
    };
  }
  return { why: reasonOf(error) };
}

/** What ends a start, with the store of the registry that it is about. Errors that are not of Bigtable stay as they are. */
export function startError(settings: BigtableSettings, error: unknown): unknown {
  if (!(error instanceof NoCredentials) && codeOf(error) === undefined) return error;
  const { project, instance, table } = settings;
  const { why, todo } = explain(error, grantOnTable(settings, 'roles/bigtable.user'));
  return new OperatorError(
    `The online store BIGTABLE cannot be used, table ${instance}/${table} of project ${project}:`,
    [why, ...(todo === undefined ? [] : [todo]), '"featuregraph doctor" looks at all that the store wants'],
    { cause: error },
  );
}

export function grantOnTable({ project, instance, table }: BigtableSettings, role: string): string {
  return (
    `gcloud bigtable instances tables add-iam-policy-binding ${table} --instance=${instance} --project=${project} ` +
    `--member=ACCOUNT --role=${role}`
  );
}

/** App profiles are the instance's. */
export function grantOnInstance({ project, instance }: BigtableSettings, role: string): string {
  return `gcloud bigtable instances add-iam-policy-binding ${instance} --project=${project} --member=ACCOUNT --role=${role}`;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ''] = message.split('\n');
  return line.length <= LONGEST_REASON ? line : `${line.slice(0, LONGEST_REASON)}…`;
}
