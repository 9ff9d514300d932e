import { AppError, badInput } from '../errors/app-error.js';
import { QUERY_LIMITS } from './query-limits.js';

/** What a bracket opens or closes, and what may hold brackets that are text: block strings, strings and comments. */
const TOKENS = /[({[]|[\])}]|"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#.*/g;

/**
 * Refuses a document whose parentheses, brackets and braces stand too deep in each other. Looks at the text, since parsing,
 * validating, costing and compiling all call themselves once a level: a document within every other limit overflowed the
 * stack there, and the request failed as a fault of ours.
 */
export function checkDocumentNesting(query: string): void {
  let depth = 0;
  for (const [token] of query.matchAll(TOKENS)) {
    if (token === '(' || token === '{' || token === '[') depth += 1;
    else if (token === ')' || token === '}' || token === ']') depth -= 1;
    if (depth > QUERY_LIMITS.maxNesting) {
      throw new AppError(
        'QUERY_TOO_EXPENSIVE',
        `The document is nested deeper than ${QUERY_LIMITS.maxNesting} levels. Ask in several requests.`,
      );
    }
  }
}

/** The same for variables: the scalars that take JSON, and the cost, call themselves once a level of it. */
export function checkVariableNesting(variables: Readonly<Record<string, unknown>>): void {
  const name = Object.keys(variables).find((key) => isDeeperThan(variables[key], QUERY_LIMITS.maxNesting));
  if (name === undefined) return;
  throw badInput(`The variable is nested deeper than ${QUERY_LIMITS.maxNesting} levels.`, name);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const inside = Array.isArray(value) ? (value as unknown[]) : Object.values(value);
  return inside.some((item) => isDeeperThan(item, levels - 1));
}
