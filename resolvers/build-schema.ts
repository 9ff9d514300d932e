import 'reflect-metadata';
import { MonitorResolver, MonitorRunResolver, MonitorsOfFeaturestoreResolver } from './monitor.resolver.js';
import { GraphQLList, GraphQLNonNull, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, type PubSub } from 'type-graphql';
import type { Registry } from '../datasources/registry/registry.js';
import { resolveAbstractTypes } from '../schema/abstract-types.js';
import { addFederation } from '../schema/federation.js';
import { addRegistryTypes } from '../schema/from-registry.js';
import { applyOneOf } from '../schema/one-of.js';
import { keepFloats } from '../schema/scalars/exact-float.js';
import { refuseRoundedIds } from '../schema/scalars/strict-id.js';
import { BatchPredictionResolver } from './batch-prediction.resolver.js';
import { CostResolver, ServingComparisonResolver } from './cost.resolver.js';
import { DriftResolver } from './drift.resolver.js';
import { EntityTypeResolver } from './entity-type.resolver.js';
import { referenceResolver } from './entity-references.js';
import { ExplanationResolver } from './explanation.resolver.js';
import { EntityResolver } from './entity.resolver.js';
import { FeatureViewSyncResolver, SyncsOfFeatureViewResolver } from './feature-view-sync.resolver.js';
import { FeatureResolver, FeatureViewResolver } from './feature.resolver.js';
import { FeatureValuesResolver } from './feature-values.resolver.js';
import { FeaturestoreResolver } from './featurestore.resolver.js';
import { JobCostResolver } from './job-cost.resolver.js';
import { ModelFieldResolver, ModelResolver } from './model.resolver.js';
import { JobResolver } from './job.resolver.js';
import { LineageResolver } from './lineage.resolver.js';
import { NodeResolver } from './node.resolver.js';
import { PermissionResolver } from './permission.resolver.js';
import { RegistryResolver } from './registry.resolver.js';
import {
  SourceOfFeatureResolver,
  SourceRefreshResolver,
  SourcesOfEntityTypeResolver,
} from './source-refresh.resolver.js';
import { ServedSkewResolver } from './served-skew.resolver.js';
import { BatchOutputStatisticsResolver, TrainingSetStatisticsResolver } from './output-statistics.resolver.js';
import { BacktestResolver } from './backtest.resolver.js';
import { StatisticsResolver } from './statistics.resolver.js';
import { TrainingSetResolver } from './training-set.resolver.js';
import { WriteResolver } from './write.resolver.js';
import { ViewerResolver } from './viewer.resolver.js';
import type { ReadArguments } from '../schema/entity/read-arguments.js';
import type { WriteFeatureValuesInput } from '../schema/write/write-feature-values.js';
import { writeTextExtension } from '../schema/write-text.js';
import type { RequestContext } from './context.js';
import { compileMatrixText } from './feature-matrix-text.js';
import { typedResolvers } from './typed-resolvers.js';

/** type-graphql needs a PubSub for subscriptions. The subscriptions here follow a job and publish no topics. */
const NO_TOPICS: PubSub = {
  publish: () => noTopics(),
  subscribe: () => noTopics(),
};

function noTopics(): never {
  throw new Error('subscriptions say by themselves what they follow');
}

export interface SchemaOptions {
  /** Whether the gateway is a subgraph of Apollo Federation. Absent: it is none. */
  readonly isFederated?: boolean;
}

/** Builds the schema: the generic part from classes, the typed part from the registry. */
export function buildSchema(registry: Registry, { isFederated = false }: SchemaOptions = {}): GraphQLSchema {
  refuseRoundedIds();
  keepFloats();
  const base = buildSchemaSync({
    resolvers: [
      FeaturestoreResolver,
      EntityTypeResolver,
      FeatureResolver,
      FeatureViewResolver,
      StatisticsResolver,
      BacktestResolver,
      TrainingSetStatisticsResolver,
      BatchOutputStatisticsResolver,
      DriftResolver,
      ServedSkewResolver,
      EntityResolver,
      ExplanationResolver,
      FeatureValuesResolver,
      ModelResolver,
      ModelFieldResolver,
      NodeResolver,
      LineageResolver,
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
      MonitorRunResolver,
      MonitorResolver,
      MonitorsOfFeaturestoreResolver,
      SourcesOfEntityTypeResolver,
      SourceOfFeatureResolver,
      RegistryResolver,
      ViewerResolver,
      PermissionResolver,
    ],
    validate: false,
    pubSub: NO_TOPICS,
  });
  applyOneOf(base);
  writeDirectly(base);
  readDirectly(base);
  requireRows(base, 'FeatureMatrix');
  describe(base.getMutationType(), 'The mutations. They start and cancel jobs, and write feature values.');
  describe(base.getSubscriptionType(), 'The subscriptions. They run over WebSocket or server-sent events.');
  resolveAbstractTypes(base);
  const schema = addRegistryTypes(base, registry.featurestores, typedResolvers);
  return isFederated ? addFederation(schema, referenceResolver(registry)) : schema;
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

interface EntityArguments extends ReadArguments {
  readonly featurestore: string;
  readonly entityType: string;
  readonly entityId: string;
  readonly entityIds: string[];
  readonly names: string[];
}

/** For the same reason: sorting and copying the arguments takes longer than the resolvers of reads. */
function readDirectly(schema: GraphQLSchema): void {
  const resolver = new EntityResolver();
  const { entity, entities, featureMatrix } = schema.getQueryType()!.getFields();
  entity!.resolve = (_root: unknown, read: EntityArguments, context: RequestContext) =>
    resolver.entity(context, read.featurestore, read.entityType, read.entityId, read);
  entities!.resolve = (_root: unknown, read: EntityArguments, context: RequestContext) =>
    resolver.entities(context, read.featurestore, read.entityType, read.entityIds, read);
  featureMatrix!.resolve = (_root: unknown, read: EntityArguments, context: RequestContext) =>
    resolver.featureMatrix(context, read.featurestore, read.entityType, read.entityIds, read.names, read);
  featureMatrix!.extensions = { ...featureMatrix!.extensions, ...writeTextExtension(compileMatrixText) };
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
