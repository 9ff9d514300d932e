import 'reflect-metadata';
import { GraphQLList, GraphQLNonNull, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, type PubSub } from 'type-graphql';
import type { Registry } from '../datasources/registry/registry.js';
import { resolveAbstractTypes } from '../schema/abstract-types.js';
import { addRegistryTypes } from '../schema/from-registry.js';
import { applyOneOf } from '../schema/one-of.js';
import { refuseRoundedIds } from '../schema/scalars/strict-id.js';
import { BatchPredictionResolver } from './batch-prediction.resolver.js';
import { CostResolver, ServingComparisonResolver } from './cost.resolver.js';
import { DriftResolver } from './drift.resolver.js';
import { EntityTypeResolver } from './entity-type.resolver.js';
import { EntityResolver } from './entity.resolver.js';
import { FeatureViewSyncResolver, SyncsOfFeatureViewResolver } from './feature-view-sync.resolver.js';
import { FeatureResolver, FeatureViewResolver } from './feature.resolver.js';
import { FeatureValuesResolver } from './feature-values.resolver.js';
import { FeaturestoreResolver } from './featurestore.resolver.js';
import { JobCostResolver } from './job-cost.resolver.js';
import { ModelFieldResolver, ModelResolver } from './model.resolver.js';
import { JobResolver } from './job.resolver.js';
import { NodeResolver } from './node.resolver.js';
import { PermissionResolver } from './permission.resolver.js';
import { RegistryResolver } from './registry.resolver.js';
import { SourceRefreshResolver, SourcesOfEntityTypeResolver } from './source-refresh.resolver.js';
import { StatisticsResolver } from './statistics.resolver.js';
import { TrainingSetResolver } from './training-set.resolver.js';
import { WriteResolver } from './write.resolver.js';
import { ViewerResolver } from './viewer.resolver.js';
import type { WriteFeatureValuesInput } from '../schema/write/write-feature-values.js';
import type { RequestContext } from './context.js';
import { typedResolvers } from './typed-resolvers.js';

/** type-graphql needs a PubSub for subscriptions. The subscriptions here follow a job and publish no topics. */
const NO_TOPICS: PubSub = {
  publish: () => noTopics(),
  subscribe: () => noTopics(),
};

function noTopics(): never {
  throw new Error('subscriptions say by themselves what they follow');
}

/** Builds the schema: the generic part from classes, the typed part from the registry. */
export function buildSchema(registry: Registry): GraphQLSchema {
  refuseRoundedIds();
  const base = buildSchemaSync({
    resolvers: [
      FeaturestoreResolver,
      EntityTypeResolver,
      FeatureResolver,
      FeatureViewResolver,
      StatisticsResolver,
      DriftResolver,
      EntityResolver,
      FeatureValuesResolver,
      ModelResolver,
      ModelFieldResolver,
      NodeResolver,
      CostResolver,
      ServingComparisonResolver,
      JobCostResolver,
      JobResolver,
      BatchPredictionResolver,
      TrainingSetResolver,
      FeatureViewSyncResolver,
      SyncsOfFeatureViewResolver,
      WriteResolver,
      SourceRefreshResolver,
      SourcesOfEntityTypeResolver,
      RegistryResolver,
      ViewerResolver,
      PermissionResolver,
    ],
    validate: false,
    pubSub: NO_TOPICS,
  });
  applyOneOf(base);
  writeDirectly(base);
  requireRows(base, 'FeatureMatrix');
  describe(base.getMutationType(), 'The mutations. They start and cancel jobs, and write feature values.');
  describe(base.getSubscriptionType(), 'The subscriptions. They run over WebSocket or server-sent events.');
  resolveAbstractTypes(base);
  return addRegistryTypes(base, registry.featurestores, typedResolvers);
}

/**
 * type-graphql copies each object of an input into an object of its class: each row of a write, and each of its values. The
 * resolver needs no classes, and the copies took a sixth of a large write.
 */
function writeDirectly(schema: GraphQLSchema): void {
  const resolver = new WriteResolver();
  const field = schema.getMutationType()!.getFields().writeFeatureValues!;
  field.resolve = (_root: unknown, { input }: { input: WriteFeatureValuesInput }, context: RequestContext) =>
    resolver.writeFeatureValues(context, input);
}

/** type-graphql makes the root types without a description. */
function describe(root: GraphQLObjectType | null | undefined, description: string): void {
  if (root) root.description = description;
}

/** In a matrix, items can be null and rows cannot. type-graphql has one setting for both levels of a nested list. */
function requireRows(schema: GraphQLSchema, typeName: string): void {
  for (const field of Object.values((schema.getType(typeName) as GraphQLObjectType).getFields())) {
    const rows = field.type instanceof GraphQLNonNull ? field.type.ofType : field.type;
    if (rows instanceof GraphQLList && rows.ofType instanceof GraphQLList) {
      field.type = new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(rows.ofType)));
    }
  }
}
