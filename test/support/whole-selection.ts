import {
  getNamedType,
  isCompositeType,
  isRequiredArgument,
  isUnionType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql';

/** They read a whole history: below lists of lists, one request may not ask for so many. */
const OF_WHOLE_HISTORY: ReadonlySet<string> = new Set(['statistics', 'servedSkew']);

/**
 * A query of every field of the root that needs no argument, but for those of whole histories, with every field below it that needs none, so many levels
 * deep. Each list has one item, so that the cost stays low.
 */
export function selectEverything(root: GraphQLObjectType, levels: number): string {
  return `query Everything ${selectionOf(root, levels)}`;
}

function selectionOf(type: GraphQLOutputType, levels: number): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  if (isUnionType(named)) return '{ __typename }';
  const fields = Object.values(named.getFields()).filter(({ args }) => !args.some(isRequiredArgument));
  const kept = fields.filter(
    ({ name, type: ofField }) => !OF_WHOLE_HISTORY.has(name) && (levels > 1 || !isCompositeType(getNamedType(ofField))),
  );
  return `{ __typename ${kept.map((field) => selected(field, levels)).join(' ')} }`;
}

function selected(field: GraphQLField<unknown, unknown>, levels: number): string {
  const first = field.args.some(({ name }) => name === 'first') ? '(first: 1)' : '';
  return `${field.name}${first} ${selectionOf(field.type, levels - 1)}`;
}
