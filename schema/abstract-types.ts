import type { GraphQLInterfaceType, GraphQLSchema } from 'graphql';
import type { JobKindEnum } from './job/enums.js';

const JOB_TYPE_NAMES = {
  BATCH_PREDICTION: 'BatchPredictionJob',
  TRAINING_SET: 'TrainingSetJob',
  FEATURE_VIEW_SYNC: 'FeatureViewSyncJob',
  SOURCE_REFRESH: 'SourceRefreshJob',
  MONITOR_RUN: 'MonitorRunJob',
  BACKTEST: 'BacktestJob',
} satisfies Record<keyof typeof JobKindEnum, string>;

/**
 * The type of a value by its `kind`. Values of the typed part contain the name of their type instead
 * (from-registry.ts).
 */
const TYPE_NAMES = {
  featurestore: 'Featurestore',
  entityType: 'EntityType',
  feature: 'Feature',
  featureView: 'FeatureView',
  monitor: 'Monitor',
  model: 'Model',
  priceBook: 'PriceBook',
  ...JOB_TYPE_NAMES,
} as const;

type NodeValue =
  | { readonly kind: keyof typeof TYPE_NAMES }
  | { readonly kind: 'entity' | 'featurestoreEntities'; readonly typeName: string };

/**
 * Sets resolveType of the interfaces. The decorators cannot: type-graphql makes the function asynchronous, and the compiled
 * executor takes only synchronous ones.
 */
export function resolveAbstractTypes(schema: GraphQLSchema): void {
  for (const name of ['Node', 'Entity', 'Job']) {
    (schema.getType(name) as GraphQLInterfaceType).resolveType = (value: NodeValue) =>
      'typeName' in value ? value.typeName : TYPE_NAMES[value.kind];
  }
}
