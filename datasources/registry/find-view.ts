import type { VertexFeatureViewSettings } from './model.js';

/** `projects/p/locations/l/featureOnlineStores/s/featureViews/v`: a view in another project than the store of the others. */
export const FEATURE_VIEW_NAME =
  /^projects\/([a-z0-9:.-]{1,100})\/locations\/([a-z0-9-]{1,60})\/featureOnlineStores\/([a-z0-9_]{1,60})\/featureViews\/([a-z0-9_]{1,60})$/;

export interface FoundView {
  /** The settings with the project and the feature online store of this view. */
  readonly settings: VertexFeatureViewSettings;
  /** The id of the view in its feature online store. */
  readonly view: string;
}

/** The feature view of an entity type. By default it has the name of the entity type. */
export function findView(settings: VertexFeatureViewSettings, entityType: string): FoundView {
  const named = settings.views[entityType] ?? entityType;
  const [, project, location, featureOnlineStore, view] = FEATURE_VIEW_NAME.exec(named) ?? [];
  if (view === undefined) return { settings, view: named };
  return {
    settings: { ...settings, project: project!, location: location!, featureOnlineStore: featureOnlineStore! },
    view,
  };
}
