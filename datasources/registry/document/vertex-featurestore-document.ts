import { z } from 'zod';
import { featureOnlineStore, region, resourceName, seconds, usePreview } from './common-fields.js';
import { projectId, queryLimits } from './offline-store-document.js';

/** A featurestore that the gateway reads from Vertex AI at start, with the settings that Vertex AI lacks. */
const vertexFeaturestore = z
  .strictObject({
    name: resourceName(60)
      .optional()
      .describe('Unique in the registry. Nothing: the name of the feature online store.'),
    description: z.string().nullable().default(null).describe('What it holds.'),
    project: projectId.describe('The Google Cloud project; queries of the past are billed to it.'),
    location: region,
    featureOnlineStore,
    featureViews: z
      .array(resourceName(60))
      .min(1)
      .nullable()
      .default(null)
      .describe('The feature views to read, each as an entity type. Nothing: all of them.'),
    ttlSeconds: z
      .record(resourceName(60), seconds)
      .default({})
      .describe('Seconds after which a value is EXPIRED, by feature view. One that is not here: never.'),
    pluralNames: z
      .record(resourceName(60), resourceName(60))
      .default({})
      .describe('The name of a list in the typed schema, by feature view; English plural for one that is not here.'),
    usePreview,
    ...queryLimits,
  })
  .describe('A feature online store of Vertex AI, read as a featurestore (docs/google-cloud-vertex.md).');

export const vertexFeaturestores = z
  .array(vertexFeaturestore)
  .default([])
  .describe('Featurestores that are read from Vertex AI when the gateway starts.');

export type VertexFeaturestoreDocument = z.infer<typeof vertexFeaturestore>;

/** Its name in the registry. */
export function vertexFeaturestoreName({ name, featureOnlineStore: id }: VertexFeaturestoreDocument): string {
  return name ?? id;
}

/**
 * Checks that need no call to Vertex AI; paths are relative to the list. `taken` are the names of other featurestores.
 */
export function vertexFeaturestoreFaults(
  entries: readonly VertexFeaturestoreDocument[],
  taken: readonly string[],
): { path: PropertyKey[]; message: string }[] {
  const names = [...taken, ...entries.map(vertexFeaturestoreName)];
  return entries.flatMap((entry, index) => {
    const name = vertexFeaturestoreName(entry);
    const [field, advice] =
      entry.name === undefined ? ['featureOnlineStore', '; give it a name of its own by name'] : ['name', ''];
    const views = entry.featureViews ?? [];
    return [
      ...(names.indexOf(name) < taken.length + index
        ? [{ path: [index, field], message: `"${name}" is named twice${advice}` }]
        : []),
      ...views.flatMap((view, position) =>
        views.indexOf(view) < position
          ? [{ path: [index, 'featureViews', position], message: `"${view}" is named twice` }]
          : [],
      ),
      ...(['ttlSeconds', 'pluralNames'] as const).flatMap((setting) =>
        Object.keys(entry[setting]).flatMap((view) =>
          entry.featureViews?.includes(view) === false
            ? [{ path: [index, setting, view], message: `feature view "${view}" is not among featureViews` }]
            : [],
        ),
      ),
    ];
  });
}
