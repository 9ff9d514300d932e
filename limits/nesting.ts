import { Kind, parse, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { AppError } from '../errors/app-error.js';
import { QUERY_LIMITS } from './query-limits.js';

/**
 * Brackets that open or close, and the tokens that may contain brackets as text: block strings, strings and comments.
 */
const TOKENS = /[({[]|[\])}]|"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#.*/g;

/**
 * Refuses a document whose nested parentheses, brackets and braces exceed the limit, also through the fragments that it
 * spreads. It scans the text, because parsing, validation, costing and compiling all recurse once per level. Without
 * this check, a document within every other limit overflowed the stack, and the request failed as an internal error.
 */
export function checkDocumentNesting(query: string): void {
  let depth = 0;
  let deepestHere = 0;
  // No chain of fragments is deeper than the sum of all definitions. Few documents exceed the limit by that sum and
  // need a closer check.
  let deepestPossible = 0;
  for (const [token] of query.matchAll(TOKENS)) {
    if (token === '(' || token === '{' || token === '[') depth += 1;
    else if (token === ')' || token === '}' || token === ']') depth -= 1;
    if (depth > QUERY_LIMITS.maxNesting) throw tooDeep();
    deepestHere = Math.max(deepestHere, depth);
    if (depth > 0) continue;
    deepestPossible += deepestHere;
    deepestHere = 0;
  }
  if (deepestPossible > QUERY_LIMITS.maxNesting) checkFragmentNesting(query);
}

function checkFragmentNesting(query: string): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  /** The greatest depth at which each fragment was spread: a spread at a smaller depth adds nothing. */
  const spreadAt = new Map<string, number>();
  const visit = ({ selections }: SelectionSetNode, depth: number): void => {
    if (depth > QUERY_LIMITS.maxNesting) throw tooDeep();
    for (const selection of selections) {
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        if (selection.selectionSet) visit(selection.selectionSet, depth + 1);
        continue;
      }
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (!fragment || (spreadAt.get(name) ?? 0) > depth) continue;
      spreadAt.set(name, depth + 1);
      visit(fragment.selectionSet, depth + 1);
    }
  };
  const definitions = parseDefinitions(query);
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  // Also checks fragments that nothing spreads, because validation visits them too.
  for (const definition of definitions) {
    if ('selectionSet' in definition) visit(definition.selectionSet, 1);
  }
}

/** Ignores text that is not GraphQL; the parser reports it later. */
function parseDefinitions(query: string): DocumentNode['definitions'] {
  try {
    return parse(query, { maxTokens: QUERY_LIMITS.maxTokens, noLocation: true }).definitions;
  } catch {
    return [];
  }
}

function tooDeep(): AppError {
  return new AppError(
    'QUERY_TOO_EXPENSIVE',
    `The document is nested deeper than ${QUERY_LIMITS.maxNesting} levels. Ask in several requests.`,
  );
}
