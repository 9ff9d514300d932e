import { Registry } from '../datasources/registry/registry.js';
import type { VertexFeaturestore } from '../datasources/registry/vertex/read-vertex-featurestore.js';
import type { FeaturestoreDocument, FeaturestoreInput } from '../datasources/registry/document/document.js';
import { buildRegistry } from '../datasources/registry/yaml/load-registry.js';
import { OperatorError } from '../errors/operator-error.js';
import { buildSchema } from '../resolvers/build-schema.js';
import { NameClashError, type NameClash } from '../schema/name-clashes.js';

/**
 * Removes the views and features for which the typed schema has no valid name, with a sentence for each: an object that
 * someone adds in Vertex AI must not prevent every gateway's next start. Of two names that are equal in camelCase, the
 * first in name order stays, so that every start makes the same choice. Names of the featurestore itself are faults of
 * the registry.
 */
export function dropNameClashes(read: VertexFeaturestore, beside: readonly FeaturestoreDocument[]): VertexFeaturestore {
  let left = read;
  // A removed view frees three names, so the others are checked again; a feature has one name.
  for (;;) {
    const clashes = findClashes(left.document, beside);
    const view = clashes.find(({ entityType, feature }) => entityType !== undefined && feature === undefined);
    const features = clashes.filter(({ feature }) => feature !== undefined);
    const gone = view ? [view] : features;
    if (gone.length === 0) return left;
    left = dropClashes(left, gone);
  }
}

function findClashes(document: FeaturestoreDocument, beside: readonly FeaturestoreDocument[]): NameClash[] {
  // Sources are not read, because no name depends on them.
  const files = { sqlTexts: new Map(), tablePaths: new Map(), modelPaths: new Map() };
  const { featurestores } = buildRegistry(
    { document: { featurestores: [...beside], vertexFeaturestores: [], models: [] }, files },
    [document],
  );
  const others = featurestores.slice(0, -1);
  const featurestore = featurestores.at(-1)!;
  const entityTypes = inOrder(featurestore.entityTypes).map((one) => ({ ...one, features: inOrder(one.features) }));
  try {
    buildSchema(new Registry([...others, { ...featurestore, entityTypes }]));
    return [];
  } catch (error) {
    if (!(error instanceof NameClashError)) throw error;
    return error.clashes.filter((clash) => clash.featurestore === document.name);
  }
}

function inOrder<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return items.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function dropClashes(
  { input, document, leftOut }: VertexFeaturestore,
  clashes: readonly NameClash[],
): VertexFeaturestore {
  const gone = new Set(clashes.map(({ entityType, feature }) => formatPath(entityType!, feature)));
  const sentences = clashes.map(({ entityType, feature, reason }) =>
    feature === undefined
      ? `Feature view ${entityType} ${reason}; choose the views to read by featureViews, or other plurals by pluralNames.`
      : `Feature ${entityType}.${feature} ${reason}; take one of the two out of the view, or the view out by featureViews.`,
  );
  const left = { input: dropNames(input, gone), document: dropNames(document, gone) };
  const empty = document.entityTypes
    .map(({ name }) => name)
    .filter((name) => !gone.has(name) && !left.document.entityTypes.some((one) => one.name === name))
    .map((name) => `Feature view ${name} has no feature that can be taken over.`);
  const all = [...leftOut, ...sentences, ...empty];
  if (left.document.entityTypes.length === 0) {
    throw new OperatorError(`Featurestore ${document.name}, read from Vertex AI, has no feature view to read.`, all);
  }
  return { ...left, leftOut: all };
}

/** Without the removed objects, and without objects that are now empty. */
function dropNames<T extends FeaturestoreInput | FeaturestoreDocument>(featurestore: T, gone: ReadonlySet<string>): T {
  const entityTypes = featurestore.entityTypes.flatMap((entityType) => {
    const { name } = entityType;
    if (gone.has(name)) return [];
    const sources = entityType.sources.flatMap((source) => {
      const features = source.features.filter((feature) => !gone.has(formatPath(name, feature.name)));
      return features.length === 0 ? [] : [{ ...source, features }];
    });
    return sources.length === 0 ? [] : [{ ...entityType, sources }];
  });
  const names = new Set(entityTypes.map(({ name }) => name));
  const featureViews = (featurestore.featureViews ?? [])
    .filter(({ entityType }) => names.has(entityType))
    .map((view) => ({
      ...view,
      features: view.features.filter((feature) => !gone.has(formatPath(view.entityType, feature))),
    }));
  return { ...featurestore, entityTypes, featureViews };
}

function formatPath(entityType: string, feature?: string): string {
  return feature === undefined ? entityType : `${entityType}.${feature}`;
}
