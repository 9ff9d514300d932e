import { parse, type DocumentNode } from 'graphql';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import { checkVariables } from '../limits/variables.js';
import { hasLongNumber, isRoundedToWhole, parseLosslessJson } from '../values/lossless-json.js';

/**
 * Parses the JSON of a request. A whole number beyond 2^53 becomes a bigint: JSON.parse would round it, and an id would
 * name another entity. limits/variables.ts refuses it with its path. A fraction that JSON.parse would round to a whole
 * number is its text.
 */
export function parseRequestJson(text: string): unknown {
  return parseLosslessJson(text, BigInt);
}

/** The same for graphql-ws, which parses messages itself. */
export function reviveRequestNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const digits = context?.source;
  if (typeof value !== 'number' || digits === undefined || /^-?\d{1,15}$/.test(digits)) return value;
  if (!/^-?\d+$/.test(digits)) return isRoundedToWhole(digits, value) ? digits : value;
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

/** Refuses `variables` of a URL that Apollo would round, because it uses JSON.parse. Apollo checks everything else. */
export function checkUrlVariables(query: string, variables: string): void {
  if (!hasLongNumber(variables)) return;
  let document: DocumentNode;
  let parsed: unknown;
  try {
    document = parse(query, { maxTokens: QUERY_LIMITS.maxTokens });
    parsed = parseRequestJson(variables);
  } catch {
    return;
  }
  checkVariables(document, { ...(parsed as object | null) });
}
