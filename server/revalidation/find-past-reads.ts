import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  OperationTypeNode,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';

/** A field of an operation that reads entities, and takes `asOf`. */
export interface PastRead {
  readonly node: FieldNode;
  readonly definition: GraphQLField<unknown, unknown>;
  /** The name of its type in the schema. */
  readonly typeName: string;
}

/** Fields of the generic part whose answer depends on the arguments of the read, the rows and the policy alone. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  Node: ['id'],
  Entity: ['id', 'entityId', 'asOf', 'knownAt', 'features', 'history'],
  FeatureValue: ['name', 'value', 'status', 'timestamp', 'ageSeconds'],
  FeatureMatrix: ['entityIds', 'names', 'values', 'statuses', 'timestamps'],
  FeatureValueConnection: ['edges', 'nodes', 'pageInfo'],
  FeatureValueEdge: ['cursor', 'node'],
  PageInfo: ['hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'],
};

export interface PastReads {
  readonly reads: readonly PastRead[];
  /** The document, without its white space and comments. */
  readonly text: string;
}

/** Documents come again. */
const known = new WeakMap<DocumentNode, PastReads | null>();

/**
 * The reads of a document that has nothing but reads of entities; null: it has something else, whose answer can change
 * although no row does. Whether they are reads of the past depends on their `asOf`.
 */
export function findPastReads(schema: GraphQLSchema, document: DocumentNode): PastReads | null {
  let found = known.get(document);
  if (found === undefined) known.set(document, (found = find(schema, document)));
  return found;
}

function find(schema: GraphQLSchema, document: DocumentNode): PastReads | null {
  const reads: PastRead[] = [];
  const others: string[] = [];
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      OperationDefinition: ({ operation }) => {
        if (operation !== OperationTypeNode.QUERY) others.push(operation);
      },
      [Kind.FIELD]: (node: FieldNode) => {
        const [definition, parent] = [types.getFieldDef(), types.getParentType()];
        if (definition?.args.some(({ name }) => name === 'asOf')) {
          reads.push({ node, definition, typeName: getNamedType(definition.type).name });
        } else if (!definition || !parent || !isFixed(schema, parent.name, definition)) others.push(node.name.value);
      },
    }),
  );
  return others.length > 0 || reads.length === 0 ? null : { reads, text: print(document) };
}

function isFixed(schema: GraphQLSchema, parent: string, { name, type, args }: GraphQLField<unknown, unknown>): boolean {
  if (name === '__typename') return true;
  const fixed = FIXED[parent];
  if (fixed) return fixed.includes(name);
  const [parentType, entity] = [schema.getType(parent), schema.getType('Entity')];
  if (isObjectType(parentType) && isInterfaceType(entity) && parentType.getInterfaces().includes(entity)) {
    const isFeature = !(name in entity.getFields());
    return isFeature || FIXED.Entity!.includes(name);
  }
  // The typed part: a featurestore that contains entities.
  const isFeaturestore = (typeName: string): boolean =>
    typeName.endsWith('Featurestore') && typeName !== 'Featurestore';
  if (parent === 'Query') return args.length === 0 && isFeaturestore(getNamedType(type).name);
  return isFeaturestore(parent) && name === 'id';
}
