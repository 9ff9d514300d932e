import { createHash } from 'node:crypto';
import { getArgumentValues, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { policyView } from '../../auth/policy/policy-view.js';
import type { EntityType } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { RequestContext } from '../../resolvers/context.js';
import { entityTypeName } from '../../schema/names.js';
import { sourcesOf } from '../../serving/data-versions.js';
import { toCanonicalJson } from '../../values/canonical-json.js';
import { findPastReads, type PastRead } from './find-past-reads.js';

export interface TaggedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly coercedVariables: Readonly<Record<string, unknown>>;
  readonly context: Pick<RequestContext, 'access' | 'now' | 'principal' | 'registry' | 'versions'>;
}

/**
 * The entity tag of the answer to an operation; null if it has none. Only reads of the past have one: their answers change
 * when a row of an earlier time arrives or is deleted, and with the registry or the policy, and all of these change the tag.
 * Make it before the operation runs: a row that arrives meanwhile may be in the answer, and then the next tag is another one.
 */
export function entityTagOf({
  schema,
  document,
  operation,
  coercedVariables,
  context,
}: TaggedOperation): string | null {
  const past = findPastReads(schema, document);
  if (!past) return null;
  const { registry, versions, principal, access, now } = context;
  const entityTypes = new Set<EntityType>();
  for (const read of past.reads) {
    const entityType = entityTypeOfPast(read, coercedVariables, registry, now);
    if (!entityType) return null;
    entityTypes.add(entityType);
  }
  // A principal that may read nothing of a source must not learn from the tag that it was written, and a tenant not that
  // another one wrote: the versions are of whole sources, so a principal with some entities gets no tag.
  const sources = sourcesOf(entityTypes).filter(({ features }) =>
    features.some((feature) => access.reads(feature.entityType).anywhere.has(feature)),
  );
  const isOfAllEntities = sources.every(({ features }) =>
    features.some((feature) => access.reads(feature.entityType).everywhere.has(feature)),
  );
  if (!isOfAllEntities) return null;
  const version = versions.of(sources);
  if (version === null) return null;
  const parts = [past.text, operation.name?.value ?? '', coercedVariables, policyView(principal, access), version];
  // Weak: two media types have the same JSON.
  return `W/"${createHash('sha256').update(toCanonicalJson(parts)).digest('base64url')}"`;
}

/** undefined: the read is not of the past, or it fails. */
function entityTypeOfPast(
  { node, definition, typeName }: PastRead,
  variables: Readonly<Record<string, unknown>>,
  registry: Registry,
  now: bigint,
): EntityType | undefined {
  let given: Readonly<Record<string, unknown>>;
  try {
    given = getArgumentValues(definition, node, variables);
  } catch {
    return undefined;
  }
  const { asOf, featurestore, entityType } = given;
  if (typeof asOf !== 'bigint' || asOf >= now) return undefined;
  const types = entityTypesOf(registry);
  return typeof featurestore === 'string' ? types.get(keyOf(featurestore, String(entityType))) : types.get(typeName);
}

/** By the names of their types in the schema, and by keys of their names. The registry of a request does not change. */
const typesOfRegistry = new WeakMap<Registry, ReadonlyMap<string, EntityType>>();

function entityTypesOf(registry: Registry): ReadonlyMap<string, EntityType> {
  let types = typesOfRegistry.get(registry);
  if (!types) {
    const all = registry.featurestores.flatMap(({ entityTypes }) => entityTypes);
    types = new Map(
      all.flatMap((each) => [
        [entityTypeName(each.featurestore.name, each.name), each],
        [keyOf(each.featurestore.name, each.name), each],
      ]),
    );
    typesOfRegistry.set(registry, types);
  }
  return types;
}

function keyOf(featurestore: string, entityType: string): string {
  return `${featurestore}.${entityType}`;
}

/** Whether `If-None-Match` names a tag (RFC 9110, 13.1.2). `*` names none: whether there is an answer without errors is not known. */
export function matchesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const withoutWeakness = (text: string): string => text.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((named) => withoutWeakness(named) === withoutWeakness(tag));
}

/**
 * The headers of an answer with a tag. `private`: the policy decides what the principal gets. `no-cache`: a cache asks before
 * each use, because a late row can change the answer at any moment.
 */
export function tagHeaders(tag: string): Readonly<Record<string, string>> {
  return { etag: tag, 'cache-control': 'private, no-cache' };
}
