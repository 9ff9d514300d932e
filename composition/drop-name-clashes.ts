import { Registry } from '../datasources/registry/registry.js';
import type { VertexFeaturestore } from '../datasources/registry/vertex/read-vertex-featurestore.js';
import type { FeaturestoreDocument, FeaturestoreInput } from '../datasources/registry/document/document.js';
import { buildRegistry } from '../datasources/registry/yaml/load-registry.js';
import { OperatorError } from '../errors/operator-error.js';
import { buildSchema } from '../resolvers/build-schema.js';
import { NameClashError, type NameClash } from '../schema/name-clashes.js';

/**
 * A featurestore without the views and features that the typed schema has no name for, each with a sentence: whoever adds
 * one in Vertex AI must not keep every gateway from its next start. Of two that become one in camelCase the first in the
 * order of names stays, so that every start decides alike. Names of the featurestore itself are the registry's own fault.
 */
export function dropNameClashes(read: VertexFeaturestore, beside: readonly FeaturestoreDocument[]): VertexFeaturestore {
  let left = read;
  // A view that goes takes three names with it, so others are looked at anew; a feature has one.
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
  // Sources stay unread: no name depends on them.
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

/** Without what is gone, and without what has nothing left. */
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
