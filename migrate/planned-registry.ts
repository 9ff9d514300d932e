import type { FeaturestoreInput } from '../datasources/registry/document/document.js';
import type { LegacyFeature, LegacyFeaturestore } from '../datasources/google/vertex/legacy-featurestore.js';
import { featureViewName } from '../datasources/google/vertex/resource-names.js';
import type { AssignedView } from './assign-views.js';
import { TIME_COLUMN } from './migration-losses.js';
import type { MigrationTarget } from './migration-target.js';
import { SOURCE, type MovedType, type ViewOfType } from './moved-types.js';

type EntityTypeInput = FeaturestoreInput['entityTypes'][number];

/** The initial share of compared reads: enough to find a difference within an hour, and little load on the new store. */
const SHADOW_SHARE = 0.01;

/** A featurestore of a registry file that serves from the legacy featurestore and compares with the new views. */
export function planRegistry(
  legacy: LegacyFeaturestore,
  types: readonly MovedType[],
  views: readonly AssignedView<ViewOfType>[],
  target: MigrationTarget,
): FeaturestoreInput {
  const main = views[0]?.project ?? target.project;
  const named = Object.fromEntries(
    types.flatMap((type) => {
      const view = views.find(({ members }) => members.some((member) => member.type === type))!;
      if (view.project !== main) {
        return [
          [
            type.entityType.name,
            featureViewName({ project: view.project, location: target.location }, target.onlineStore, view.id),
          ],
        ];
      }
      return view.id === type.entityType.name ? [] : [[type.entityType.name, view.id]];
    }),
  );
  return {
    name: legacy.name,
    ...(Object.keys(legacy.labels).length > 0 ? { labels: { ...legacy.labels } } : {}),
    onlineStore: { kind: 'VERTEX_LEGACY', ...legacy.place, featurestore: legacy.name },
    shadow: {
      onlineStore: {
        kind: 'VERTEX_FEATURE_VIEW',
        project: main,
        location: target.location,
        featureOnlineStore: target.onlineStore,
        ...(Object.keys(named).length > 0 ? { views: named } : {}),
      },
      share: SHADOW_SHARE,
    },
    offlineStore: {
      kind: 'BIGQUERY',
      project: target.project,
      dataset: target.dataset,
      location: target.datasetLocation,
    },
    entityTypes: types.map(planEntityType),
  };
}

/** Legacy serving returns the newest non-null value of each feature, so dense stays false. */
function planEntityType({ legacy, entityType, features, group }: MovedType): EntityTypeInput {
  const { onlineTtlDays } = legacy;
  const { name, description } = entityType;
  return {
    name,
    ...(description === '' ? {} : { description }),
    ...(onlineTtlDays === null ? {} : { ttlSeconds: onlineTtlDays * 86_400 }),
    sources: [
      {
        name: SOURCE,
        timestampColumn: TIME_COLUMN,
        ...(group === name ? {} : { bigQueryTable: `${group}__${SOURCE}` }),
        features: features.map((feature) => ({
          name: feature.name,
          valueType: feature.valueType,
          ...described(feature.description, feature.labels),
        })),
      },
    ],
  };
}

function described(description: string, labels: LegacyFeature['labels']) {
  return {
    ...(description === '' ? {} : { description }),
    ...(Object.keys(labels).length > 0 ? { labels: { ...labels } } : {}),
  };
}
