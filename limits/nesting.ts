import { Kind, parse, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { AppError } from '../errors/app-error.js';
import { QUERY_LIMITS } from './query-limits.js';

/** What a bracket opens or closes, and what may hold brackets that are text: block strings, strings and comments. */
const TOKENS = /[({[]|[\])}]|"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#.*/g;

/**
 * Refuses a document whose parentheses, brackets and braces stand too deep in each other, also through the fragments it
 * spreads. Looks at the text, since parsing, validating, costing and compiling all call themselves once a level: a document
 * within every other limit overflowed the stack there, and the request failed as a fault of ours.
 */
export function checkDocumentNesting(query: string): void {
  let depth = 0;
  let deepestHere = 0;
  // No chain of fragments is deeper than all definitions in each other. Few documents have so many that it must be looked at.
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
  /** How deep each fragment has been spread: to spread it again less deep finds nothing new. */
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
  // Also from the fragments that nothing spreads: validation walks those too.
  for (const definition of definitions) {
    if ('selectionSet' in definition) visit(definition.selectionSet, 1);
  }
}

/** None of what is no GraphQL: the parser says so later. */
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
