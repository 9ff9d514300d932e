import { parse, type DocumentNode, type GraphQLSchema } from 'graphql';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import { checkVariables, RoundedFraction } from '../limits/variables.js';
import { hasInexactNumber, hasLongNumber, LongFraction, readFraction } from '../values/lossless-json.js';

/**
 * Parses the JSON of a request. A whole number beyond 2^53 becomes a bigint, and a fraction that JSON.parse would round to
 * a whole number, or to another number beyond 2^53, becomes a RoundedFraction: as JSON.parse reads them, they would name
 * another entity. limits/variables.ts refuses both with their path. Any other fraction that no double holds becomes a
 * LongFraction, which each scalar takes or refuses.
 */
export function parseRequestJson(text: string): unknown {
  return hasInexactNumber(text) ? JSON.parse(text, reviveRequestNumber) : JSON.parse(text);
}

/** The same for graphql-ws, which parses messages itself. */
export function reviveRequestNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const digits = context?.source;
  if (typeof value !== 'number' || digits === undefined || /^-?\d{1,15}$/.test(digits)) return value;
  if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(value) ? value : BigInt(digits);
  // limits/variables.ts refuses an infinity.
  if (!Number.isFinite(value)) return value;
  const fraction = readFraction(digits);
  const isRounded = fraction instanceof LongFraction && fraction.nearest === undefined;
  return isRounded ? new RoundedFraction(digits, value) : fraction;
}

/** Refuses `variables` of a URL that Apollo would round, because it uses JSON.parse. Apollo checks everything else. */
export function checkUrlVariables(schema: GraphQLSchema, query: string, variables: string): void {
  if (!hasLongNumber(variables)) return;
  let document: DocumentNode;
  let parsed: unknown;
  try {
    document = parse(query, { maxTokens: QUERY_LIMITS.maxTokens });
    parsed = parseRequestJson(variables);
  } catch {
    return;
  }
  checkVariables(schema, document, { ...(parsed as object | null) });
}
