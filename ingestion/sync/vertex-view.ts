import { findView } from '../../datasources/registry/find-view.js';
import type { FeatureView, VertexFeatureViewSettings } from '../../datasources/registry/model.js';

/** A feature view of Vertex AI. */
export interface VertexView {
  readonly settings: VertexFeatureViewSettings;
  /** Its id in the feature online store. */
  readonly view: string;
}

/** The source of a registry view's values: Vertex AI has one view per entity type, with all its features. */
export function toVertexView({ entityType, name }: FeatureView): VertexView {
  const { onlineSettings: settings } = entityType.featurestore;
  if (settings.kind !== 'VERTEX_FEATURE_VIEW') throw new Error(`feature view ${name} is not served by Vertex AI`);
  return findView(settings, entityType.name);
}
