import { createHash } from 'node:crypto';
import type { FeatureView } from '../../datasources/registry/model.js';
import { describeOnlineStore } from '../../datasources/registry/store-kinds.js';
import { toVertexView } from './vertex-view.js';

/**
 * The same text for syncs of the same features to the same target. It changes when either changes: a sync into another
 * table, or of fewer features, tells nothing about what the view serves now. It is a hash, because the job stores it
 * and only adapters may see the location. Connection settings (profiles, deadlines) are not part of it.
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
  // One view on Vertex AI may serve several views of the registry, and a sync includes all its features.
  if (store.syncedBy === 'VERTEX_AI') {
    const synced = toVertexView(view);
    return [kind, featurestore, ...store.place(synced.settings), synced.view];
  }
  const place = store.place(settings);
  const copied = features.map((feature) => `${feature.source.name}/${feature.name}`).toSorted();
  return [kind, featurestore, place, entityType.name, name, copied];
}
