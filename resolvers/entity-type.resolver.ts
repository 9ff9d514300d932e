import { Arg, Args, Ctx, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
import { AFTER_ARGUMENT, ENTITY_IDS, firstArgument } from '../schema/arguments.js';
import type {
  EntityType as EntityTypeModel,
  Feature as FeatureModel,
  Featurestore as FeaturestoreModel,
} from '../datasources/registry/model.js';
import { getFeature } from '../datasources/registry/registry.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { entitiesComplexity, entityComplexity, listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import { Entity } from '../schema/entity/entity.js';
import { EntityType } from '../schema/registry/entity-type.js';
import { Featurestore } from '../schema/registry/featurestore.js';
import { formatResourceName } from '../schema/resource-name.js';
import { ReadArguments } from '../schema/entity/read-arguments.js';
import { visibleFeatures } from './catalogue.js';
import type { RequestContext } from './context.js';
import { entityHandle, listEntities, type EntityHandle } from './entity.js';
import { paginate } from './page.js';

@Resolver(() => EntityType)
export class EntityTypeResolver {
  @FieldResolver(() => ID)
  id(@Root() { name, featurestore }: EntityTypeModel): string {
    return formatResourceName({ kind: 'entityType', featurestore: featurestore.name, entityType: name });
  }

  @FieldResolver()
  ttlSeconds(@Root() { ttl }: EntityTypeModel): number | null {
    return ttl === null ? null : Number(ttl) / 1e6;
  }

  @FieldResolver(() => Featurestore, { description: 'The featurestore of the entity type.' })
  featurestore(@Root() { featurestore }: EntityTypeModel): FeaturestoreModel {
    return featurestore;
  }

  @FieldResolver({ complexity: listComplexity('first') })
  features(
    @Root() { name, featurestore, features }: EntityTypeModel,
    @Ctx() { access }: RequestContext,
    @Arg('first', () => Int, firstArgument(REQUEST_LIMITS.defaultLongPageSize))
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Connection<FeatureModel> {
    return paginate(
      visibleFeatures(access, features),
      { first: first ?? REQUEST_LIMITS.defaultLongPageSize, after },
      { name: `${featurestore.name}/${name}/features`, keyOf: (one) => one.name },
    );
  }

  @FieldResolver()
  feature(
    @Root() entityType: EntityTypeModel,
    @Ctx() { access }: RequestContext,
    @Arg('name', () => String, { description: 'The name of the feature.' }) name: string,
  ): FeatureModel {
    return getFeature(entityType, name, 'name', visibleFeatures(access, entityType.features));
  }

  @FieldResolver(() => Entity, {
    nullable: true,
    description:
      'The entity with this id. An unknown id is not an error: all values of such an entity have the status ' +
      'NOT_FOUND.',
    complexity: entityComplexity,
  })
  entity(
    @Root() entityType: EntityTypeModel,
    @Arg('entityId', () => ID, { description: 'The entity id. `entityIdColumns` describes composite ids.' })
    entityId: string,
    @Args(() => ReadArguments) read: ReadArguments,
  ): EntityHandle {
    return entityHandle(entityType, entityId, read);
  }

  @FieldResolver(() => [Entity], {
    description:
      'The entities with these ids, in the order of `entityIds`. An unknown id is not an error: all values of such ' +
      'an entity have the status NOT_FOUND.',
    complexity: entitiesComplexity,
  })
  entities(
    @Root() entityType: EntityTypeModel,
    @Arg('entityIds', () => [ID], {
      description: `${ENTITY_IDS} \`entityIdColumns\` describes composite ids.`,
    })
    entityIds: string[],
    @Args(() => ReadArguments) read: ReadArguments,
  ): EntityHandle[] | Promise<EntityHandle[]> {
    return listEntities(entityType, entityIds, read);
  }
}
