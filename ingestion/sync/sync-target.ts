import { createHash } from 'node:crypto';
import type { FeatureView } from '../../datasources/registry/model.js';
import { describeOnlineStore } from '../../datasources/registry/store-kinds.js';
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
  const store = describeOnlineStore(settings);
  const place = store.place(settings);
  // One view there may serve several of the registry, and is synced with all its features.
  if (store.syncedBy === 'VERTEX_AI') return [kind, featurestore, ...place, toVertexView(view).view];
  const copied = features.map((feature) => `${feature.source.name}/${feature.name}`).toSorted();
  return [kind, featurestore, place, entityType.name, name, copied];
}
