import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';
import { LRUCache } from 'lru-cache';
import { SHOW_COST } from '../cost-headers.js';

/** A request in its usual form: nothing about it is left for Apollo to check. */
export interface LaneRequest {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of the answer. */
  readonly contentType: string;
}

/** The parameters of a request, from its body or its query string. */
export interface RequestParameters {
  readonly query?: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
  readonly extensions?: unknown;
}

/**
 * The request in its usual form. undefined: Apollo answers or refuses it, e.g. a parameter of the wrong type, a client that
 * accepts no JSON, or one that asks what an answer costs.
 */
export function laneRequest({ headers }: IncomingMessage, parameters: RequestParameters): LaneRequest | undefined {
  const { query, operationName, variables, extensions } = parameters;
  if (typeof query !== 'string' || !isAbsentOr(operationName, isString)) return undefined;
  if (!isAbsentOr(variables, isRecord) || !isAbsentOr(extensions, isRecord)) return undefined;
  if (headers[SHOW_COST] !== undefined) return undefined;
  const contentType = contentTypeFor(headers.accept);
  if (contentType === undefined) return undefined;
  return { text: query, operationName: operationName ?? undefined, variables: variables ?? {}, contentType };
}

/** The parameters of a query string. undefined: Apollo refuses them, e.g. one that is given twice. */
export function urlParameters({ headers }: IncomingMessage, given: URLSearchParams): RequestParameters | undefined {
  if (headers['content-type'] !== undefined) return undefined;
  const isGivenTwice = ['query', 'operationName', 'variables', 'extensions'].some(
    (name) => given.getAll(name).length > 1,
  );
  if (isGivenTwice) return undefined;
  const query = given.get('query');
  const operationName = given.get('operationName');
  const json = given.get('variables');
  if (json === null) return { query, operationName };
  try {
    const variables: unknown = JSON.parse(json);
    return isRecord(variables) ? { query, operationName, variables } : undefined;
  } catch {
    return undefined;
  }
}

/** The media types that Apollo offers, in its order. */
const OFFERED = [
  'application/json; charset=utf-8',
  'application/graphql-response+json; charset=utf-8',
  'application/json; callbackSpec=1.0; charset=utf-8',
];

/** Clients of one program send the same header. */
const chosen = new LRUCache<string, { readonly contentType: string | undefined }>({ max: 100 });

/** undefined: the client accepts none. */
function contentTypeFor(accept: string | undefined): string | undefined {
  if (!accept) return OFFERED[0];
  let choice = chosen.get(accept);
  if (!choice) {
    choice = { contentType: new Negotiator({ headers: { accept } }).mediaType(OFFERED) };
    chosen.set(accept, choice);
  }
  return choice.contentType;
}

function isAbsentOr<Value>(value: unknown, is: (value: unknown) => value is Value): value is Value | null | undefined {
  return value === undefined || value === null || is(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
