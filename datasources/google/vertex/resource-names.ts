/**
 * Builds resource names of Vertex AI from their parts. The clients' own helpers are wrong for one of them
 * (featureViewSyncPath returns the pattern itself, because the proto lacks the braces).
 */
export interface VertexPlace {
  readonly project: string;
  /** A region, such as europe-west4. The endpoint depends on it: another region's endpoint rejects the resource. */
  readonly location: string;
}

export function locationName({ project, location }: VertexPlace): string {
  return `projects/${project}/locations/${location}`;
}

export function featureGroupName(place: VertexPlace, featureGroup: string): string {
  return `${locationName(place)}/featureGroups/${featureGroup}`;
}

export function featureOnlineStoreName(place: VertexPlace, featureOnlineStore: string): string {
  return `${locationName(place)}/featureOnlineStores/${featureOnlineStore}`;
}

export function featureViewName(place: VertexPlace, featureOnlineStore: string, featureView: string): string {
  return `${featureOnlineStoreName(place, featureOnlineStore)}/featureViews/${featureView}`;
}

export function legacyFeaturestoreName(place: VertexPlace, featurestore: string): string {
  return `${locationName(place)}/featurestores/${featurestore}`;
}

export function legacyEntityTypeName(place: VertexPlace, featurestore: string, entityType: string): string {
  return `${legacyFeaturestoreName(place, featurestore)}/entityTypes/${entityType}`;
}

/** The id at the end of a resource name. */
export function parseResourceId(resourceName: string | null | undefined): string {
  return resourceName?.split('/').at(-1) ?? '';
}
