import { BREAK, Kind, parse, visit, type ASTNode, type DocumentNode, type GraphQLError, type ValueNode } from 'graphql';

/**
 * The path of a value in the arguments of its field, as clients write it: `asOf`, `entityIds[3]`,
 * `input.labels.timeColumn`. It has an argument, then fields of input objects and indices of lists.
 */
export type InputPath = string;

/** The path of the first use of a variable; undefined for a variable that no argument uses. */
export function inputPathOfVariable(document: DocumentNode, variable: string): InputPath | undefined {
  return findPath(document, (node) => node.kind === Kind.VARIABLE && node.name.value === variable);
}

/**
 * The path of the value to which an error of the GraphQL engine points. Undefined when it points at no value but at a
 * field, a fragment, or the definition of a variable.
 */
export function inputPathOfError({ nodes, source }: GraphQLError): InputPath | undefined {
  const [node] = nodes ?? [];
  if (!node?.loc || !source || !isInput(node)) return undefined;
  const { start, end } = node.loc;
  // The node alone does not have its parents. Parsing again is for errors only: most documents are parsed once.
  return findPath(parse(source.body), ({ kind, loc }) => kind === node.kind && loc?.start === start && loc.end === end);
}

/** Appends the location inside a variable's value from graphql-js's message. */
export function appendPath(path: InputPath, keys: readonly (string | number)[]): InputPath {
  return keys.reduce<string>(
    (before, key) => (typeof key === 'number' ? `${before}[${key}]` : `${before}.${key}`),
    path,
  );
}

function isInput({ kind }: ASTNode): boolean {
  return kind === Kind.ARGUMENT || kind === Kind.OBJECT_FIELD || kind === Kind.VARIABLE || kind.endsWith('Value');
}

function findPath(document: DocumentNode, isMeant: (node: ASTNode) => boolean): InputPath | undefined {
  let found: InputPath | undefined;
  visit(document, {
    Argument: (argument) => {
      found ??= isMeant(argument) ? argument.name.value : pathInValue(argument.value, argument.name.value, isMeant);
      return found === undefined ? false : BREAK;
    },
  });
  return found;
}

function pathInValue(value: ValueNode, path: InputPath, isMeant: (node: ASTNode) => boolean): InputPath | undefined {
  if (isMeant(value)) return path;
  if (value.kind === Kind.LIST) {
    for (const [index, item] of value.values.entries()) {
      const found = pathInValue(item, `${path}[${index}]`, isMeant);
      if (found !== undefined) return found;
    }
  }
  if (value.kind === Kind.OBJECT) {
    for (const field of value.fields) {
      const inner = `${path}.${field.name.value}`;
      const found = isMeant(field) ? inner : pathInValue(field.value, inner, isMeant);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
