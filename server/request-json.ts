import { parse, type DocumentNode, type GraphQLSchema } from 'graphql';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import { checkVariables, RoundedFraction } from '../limits/variables.js';
import { hasLongNumber, isRoundedBeyondSafe, keepWhole } from '../values/lossless-json.js';

/**
 * Parses the JSON of a request. A whole number beyond 2^53 becomes a bigint, and a fraction that JSON.parse would round to
 * a whole number, or to another number beyond 2^53, becomes a RoundedFraction: as JSON.parse reads them, they would name
 * another entity.
 * limits/variables.ts refuses both with their path.
 */
export function parseRequestJson(text: string): unknown {
  return hasLongNumber(text) ? JSON.parse(text, reviveRequestNumber) : JSON.parse(text);
}

/** The same for graphql-ws, which parses messages itself. */
export function reviveRequestNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const digits = context?.source;
  if (typeof value !== 'number' || digits === undefined || /^-?\d{1,15}$/.test(digits)) return value;
  const keepFraction = (fraction: string): RoundedFraction => new RoundedFraction(fraction, value);
  const kept = keepWhole(digits, value, BigInt, keepFraction);
  return kept === value && isRoundedBeyondSafe(digits, value) ? keepFraction(digits) : kept;
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
