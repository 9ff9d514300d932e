import type {
  DocumentNode,
  GraphQLError,
  GraphQLFormattedError,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import { AppError } from '../errors/app-error.js';
import type { Work, WorkInFlight } from '../limits/work-in-flight.js';
import type { RequestContext } from '../resolvers/context.js';
import { inSpan } from '../runtime/spans.js';
import type { WorkEnd } from '../runtime/work-end.js';
import { auditUnavailable, type RanOperation } from './end-audit.js';
import type { FormatError } from './format-error.js';
import { toGraphqlError, toHttpStatus, type GuardedOperation } from './operation-guard.js';
import { retryAfter } from './respond.js';
import { entityTagOf, matchesTag, tagHeaders, type TaggedOperation } from './revalidation/entity-tag.js';

/** The place of a request among those that run. Its transport leaves it when the client has read the answer. */
export interface Place {
  /** Who asks, for a fair order. */
  readonly owner: string;
  /** Comes when the client goes, or at the deadline. */
  readonly end?: WorkEnd | undefined;
  /** The id of its trusted document, if it is one. */
  documentId?: string | undefined;
  leave?: () => void;
  /** Present for a GET request: its answer may have an entity tag. */
  readonly revalidation?: Revalidation | undefined;
  /** The operation that ran, for the audit log. */
  operation?: RanOperation;
  /** Why no operation ran, for the audit log. */
  refusal?: OperationRefusal;
}

/** What a GET request says of the answer that its client has. */
export interface Revalidation {
  readonly ifNoneMatch: string | undefined;
}

/** An operation that was refused before it ran. */
export interface OperationRefusal {
  readonly code: string;
  /** query, mutation or subscription; undefined if the document has no such operation. */
  readonly type: string | undefined;
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
  readonly context: TaggedOperation['context'] & Pick<RequestContext, 'auditLog'>;
  /** The id of the trusted document, if it is one. */
  readonly documentId: string | undefined;
  /** Absent for an operation that needs none: a subscription, of which each event has its own. */
  readonly place: Place | undefined;
  readonly execute: (ran: RanOperation) => Promise<Executed<Data>> | Executed<Data>;
}

export interface RunOptions {
  readonly schema: GraphQLSchema;
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
  { schema, work, formatError }: RunOptions,
  { guarded, document, operation, isHistorical, context, documentId, place, execute }: OperationRun<Data>,
): Promise<OperationAnswer<Data>> {
  if (guarded.errors) {
    const { errors } = guarded;
    return { errors: errors.map(formatError), status: toHttpStatus(errors[0]), headers: {} };
  }
  if (context.auditLog?.mustRefuse) return refuse(auditUnavailable(), formatError);
  const { cost, coercedVariables } = guarded;
  const ran: RanOperation = { document, definition: operation!, cost, documentId };
  if (!place) {
    await execute(ran);
    return { headers: {}, data: null };
  }
  const { revalidation } = place;
  const tag = revalidation ? entityTagOf({ schema, document, operation: operation!, coercedVariables, context }) : null;
  if (tag !== null && matchesTag(revalidation?.ifNoneMatch, tag)) {
    place.operation = ran;
    return { status: 304, headers: { ...tagHeaders(tag), [ESTIMATED_COST]: String(cost) } };
  }
  const refused = await enter(work, place, { cost, isHistorical });
  if (refused) return refuse(refused, formatError);
  const { data, errors } = await inSpan(
    'graphql.operation',
    () => Promise.resolve(execute(ran)),
    () => ({ attributes: { 'graphql.operation.type': ran.definition.operation, 'featuregraph.cost.estimated': cost } }),
  );
  const formatted = errors?.map(formatError);
  place.operation = formatted ? { ...ran, codes: codesOf(formatted) } : ran;
  return {
    // An answer with errors may have none the next time, although no row changed.
    headers: { [ESTIMATED_COST]: String(cost), ...(tag === null || formatted ? {} : tagHeaders(tag)) },
    ...(formatted ? { errors: formatted } : {}),
    data: data ?? null,
  };
}

/** Different codes of one answer that its line in the audit log names. */
const MAX_CODES = 10;

function codesOf(errors: readonly GraphQLFormattedError[]): readonly string[] {
  return [...new Set(errors.map(codeOf))].slice(0, MAX_CODES);
}

function codeOf({ extensions }: GraphQLFormattedError): string {
  return String(extensions?.code);
}

/** Notes at its place why an operation did not run. Does nothing for one that ran, or for an answer without errors. */
export function noteRefusal(
  place: Place | undefined,
  errors: readonly GraphQLFormattedError[] | undefined,
  type: string | undefined,
): void {
  const [error] = errors ?? [];
  if (place && !place.operation && error) place.refusal = { code: codeOf(error), type };
}

/** Returns why the request may not run now. */
async function enter(
  work: WorkInFlight,
  place: Place,
  { cost, isHistorical }: Pick<Work, 'cost' | 'isHistorical'>,
): Promise<AppError | undefined> {
  try {
    const signalOf = (): AbortSignal | undefined => place.end?.signal;
    place.leave = await work.enter({ owner: place.owner, cost, isHistorical, signalOf });
    // The client may have gone while the request waited.
    if (place.end?.hasEnded) place.leave();
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
