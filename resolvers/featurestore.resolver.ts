import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { AFTER_ARGUMENT, firstArgument } from '../schema/arguments.js';
import type {
  EntityType as EntityTypeModel,
  Featurestore as FeaturestoreModel,
  FeatureView as FeatureViewModel,
} from '../datasources/registry/model.js';
import { getEntityType } from '../datasources/registry/registry.js';
import { isHealthy } from '../serving/store-health.js';
import { listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import { Featurestore, FeaturestoreConnection } from '../schema/registry/featurestore.js';
import type { StoreInfo } from '../schema/registry/store-info.js';
import { formatResourceName } from '../schema/resource-name.js';
import { isVisibleFeaturestore, isVisibleView, visibleEntityTypes } from './catalogue.js';
import type { RequestContext } from './context.js';
import { describeStream } from './feature-stream.js';
import { paginate } from './page.js';

@Resolver(() => Featurestore)
export class FeaturestoreResolver {
  @Query(() => FeaturestoreConnection, {
    description: 'The featurestores, in the order of the registry.',
    complexity: listComplexity('first'),
  })
  featurestores(
    @Ctx() { registry, access }: RequestContext,
    @Arg('first', () => Int, firstArgument())
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Connection<FeaturestoreModel> {
    const visible = registry.featurestores.filter((featurestore) => isVisibleFeaturestore(access, featurestore));
    return paginate(visible, { first, after }, { name: 'featurestores', keyOf: ({ name }) => name });
  }

  @Query(() => Featurestore, {
    nullable: true,
    description:
      'The featurestore with this name. If there is none, the field is null with the error ' +
      'FEATURESTORE_NOT_FOUND.',
  })
  featurestore(
    @Ctx() { registry, access }: RequestContext,
    @Arg('name', () => String, { description: 'The name of the featurestore.' }) name: string,
  ): FeaturestoreModel {
    return registry.featurestore(name, 'name', (featurestore) => isVisibleFeaturestore(access, featurestore));
  }

  @FieldResolver(() => ID)
  id(@Root() { name }: FeaturestoreModel): string {
    return formatResourceName({ kind: 'featurestore', featurestore: name });
  }

  @FieldResolver()
  async onlineStore(@Root() featurestore: FeaturestoreModel, @Ctx() { stores }: RequestContext): Promise<StoreInfo> {
    return { ...featurestore.onlineStore, healthy: await isHealthy(stores.online(featurestore)) };
  }

  @FieldResolver()
  async offlineStore(@Root() featurestore: FeaturestoreModel, @Ctx() { stores }: RequestContext): Promise<StoreInfo> {
    return { ...featurestore.offlineStore, healthy: await isHealthy(stores.offline(featurestore)) };
  }

  // A field resolver without a complexity takes that of the field away.
  @FieldResolver({ complexity: listComplexity() })
  entityTypes(@Root() featurestore: FeaturestoreModel, @Ctx() { access }: RequestContext): readonly EntityTypeModel[] {
    return visibleEntityTypes(access, featurestore);
  }

  @FieldResolver({ complexity: listComplexity() })
  featureViews(@Root() { featureViews }: FeaturestoreModel, @Ctx() { access }: RequestContext): FeatureViewModel[] {
    return featureViews.filter((view) => isVisibleView(access, view));
  }

  @FieldResolver()
  entityType(
    @Root() featurestore: FeaturestoreModel,
    @Ctx() { access }: RequestContext,
    @Arg('name', () => String, { description: 'The name of the entity type.' }) name: string,
  ): EntityTypeModel {
    return getEntityType(featurestore, name, 'name', visibleEntityTypes(access, featurestore));
  }

  @FieldResolver({ complexity: listComplexity() })
  async streams(
    @Root() featurestore: FeaturestoreModel,
    @Ctx() { streams, now, access }: RequestContext,
  ): Promise<Awaited<ReturnType<typeof describeStream>>[]> {
    const visible = streams.ofFeaturestore(featurestore).filter(({ stream }) => access.isVisible(stream.entityType));
    return Promise.all(visible.map((watched) => describeStream(watched, now)));
  }
}
