import { createHash } from 'node:crypto';
import type { FeatureView } from '../../datasources/registry/model.js';
import { toVertexView } from './vertex-view.js';

/**
 * The same text for syncs that bring the same features to the same place, and another when one of the two changes: a sync
 * into another table, or of fewer features, says nothing of what the view serves by now. A hash: it is kept with the job,
 * whose place is for adapters alone. How a place is read (profiles, deadlines) is no part of it.
 */
export function syncTargetKey(view: FeatureView): string {
  return `sync/${createHash('sha256')
    .update(JSON.stringify(collectTargetFacts(view)))
    .digest('hex')}`;
}

function collectTargetFacts(view: FeatureView): readonly unknown[] {
  const { name, entityType, features } = view;
  const { name: featurestore, onlineSettings: settings } = entityType.featurestore;
  const { kind } = settings;
  if (kind === 'VERTEX_FEATURE_VIEW') {
    // One view there may serve several of the registry, and is synced with all its features.
    const { project, location, featureOnlineStore } = settings;
    return [kind, featurestore, project, location, featureOnlineStore, toVertexView(view).view];
  }
  const place = kind === 'BIGTABLE' ? [settings.project, settings.instance, settings.table, settings.columnFamily] : [];
  const copied = features.map((feature) => `${feature.source.name}/${feature.name}`).toSorted();
  return [kind, featurestore, place, entityType.name, name, copied];
}
