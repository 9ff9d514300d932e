import type { DocumentNode, GraphQLError, GraphQLFormattedError, OperationDefinitionNode } from 'graphql';
import type { AuditLog } from '../auth/audit/audit-log.js';
import { AppError } from '../errors/app-error.js';
import type { Work, WorkInFlight } from '../limits/work-in-flight.js';
import { inSpan } from '../runtime/spans.js';
import { auditUnavailable, type RanOperation } from './end-audit.js';
import type { FormatError } from './format-error.js';
import { toGraphqlError, toHttpStatus, type GuardedOperation } from './operation-guard.js';
import { retryAfter } from './respond.js';

/** The place of a request among those that run. Its transport leaves it when the client has read the answer. */
export interface Place {
  /** Who asks, for a fair order. */
  readonly owner: string;
  readonly signal?: AbortSignal | undefined;
  leave?: () => void;
  /** The operation that ran, for the audit log. */
  operation?: RanOperation;
}

/** What a query or mutation gives, in the form of its executor: objects, or the text of JSON. */
export interface Executed<Data> {
  readonly data?: Data | null | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
}

/** An answer before it is written. */
export interface OperationAnswer<Data> {
  /** Absent: 200. */
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors?: readonly GraphQLFormattedError[];
  /** undefined when the operation did not run. */
  readonly data?: Data | null;
}

export interface OperationRun<Data> {
  readonly guarded: GuardedOperation;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode | undefined;
  readonly isHistorical: boolean;
  readonly auditLog: AuditLog | null;
  /** Absent for an operation that needs none: a subscription, of which each event has its own. */
  readonly place: Place | undefined;
  readonly execute: (ran: RanOperation) => Promise<Executed<Data>> | Executed<Data>;
}

export interface RunOptions {
  readonly work: WorkInFlight;
  readonly formatError: FormatError;
}

/** The root that resolvers get from every executor. */
export const ROOT_VALUE: unknown = {};

/** The name of the header with the cost before the operation ran (docs/limits.md). */
const ESTIMATED_COST = 'x-cost-estimated';

/**
 * The one way to a running operation. Apollo (execution-plugin.ts) and the hot lane differ in how they find and execute an
 * operation; refusals, admission, the mask of errors, the span, the audit and the headers are these.
 */
export async function runOperation<Data>(
  { work, formatError }: RunOptions,
  { guarded, document, operation, isHistorical, auditLog, place, execute }: OperationRun<Data>,
): Promise<OperationAnswer<Data>> {
  if (guarded.errors) {
    const { errors } = guarded;
    return { errors: errors.map(formatError), status: toHttpStatus(errors[0]), headers: {} };
  }
  if (auditLog?.mustRefuse) return refuse(auditUnavailable(), formatError);
  const { cost } = guarded;
  const ran: RanOperation = { document, definition: operation!, cost };
  if (!place) {
    await execute(ran);
    return { headers: {}, data: null };
  }
  const refused = await enter(work, place, { cost, isHistorical });
  if (refused) return refuse(refused, formatError);
  const { data, errors } = await inSpan(
    'graphql.operation',
    () => Promise.resolve(execute(ran)),
    () => ({ attributes: { 'graphql.operation.type': ran.definition.operation, 'featuregraph.cost.estimated': cost } }),
  );
  place.operation = ran;
  return {
    headers: { [ESTIMATED_COST]: String(cost) },
    ...(errors ? { errors: errors.map(formatError) } : {}),
    data: data ?? null,
  };
}

/** Returns why the request may not run now. */
async function enter(
  work: WorkInFlight,
  place: Place,
  of: Pick<Work, 'cost' | 'isHistorical'>,
): Promise<AppError | undefined> {
  try {
    place.leave = await work.enter({ owner: place.owner, ...of, signal: place.signal });
    // The client may have gone while the request waited.
    if (place.signal?.aborted) place.leave();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function refuse(error: AppError, formatError: FormatError): OperationAnswer<never> {
  const refusal = toGraphqlError(error);
  return { errors: [formatError(refusal)], status: toHttpStatus(refusal), headers: retryAfter(error) };
}
