import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql';
import { listComplexity, matrixComplexity } from '../schema/complexity.js';
import { Entity } from '../schema/entity/entity.js';
import { FeatureMatrix } from '../schema/entity/feature-matrix.js';
import { ReadArguments } from '../schema/entity/read-arguments.js';
import { toClientValue } from '../values/client-value.js';
import type { RequestContext } from './context.js';
import { selectFeatures, entityHandle, entityHandles, type EntityHandle } from './entity.js';

const FEATURESTORE = 'The name of the featurestore.';
const ENTITY_TYPE = 'The name of the entity type.';

@Resolver()
export class EntityResolver {
  @Query(() => Entity, {
    nullable: true,
    description: 'One entity. It need not be known: then its values are NOT_FOUND.',
  })
  entity(
    @Ctx() { registry }: RequestContext,
    @Arg('featurestore', () => String, { description: FEATURESTORE }) featurestore: string,
    @Arg('entityType', () => String, { description: ENTITY_TYPE }) entityType: string,
    @Arg('entityId', () => ID, { description: 'Its id.' }) entityId: string,
    @Args(() => ReadArguments) read: ReadArguments,
  ): EntityHandle {
    return entityHandle(registry.entityType(featurestore, entityType), entityId, read);
  }

  @Query(() => [Entity], {
    description: 'Many entities of a type, in the order asked. At most 10 000.',
    complexity: listComplexity('entityIds'),
  })
  entities(
    @Ctx() { registry }: RequestContext,
    @Arg('featurestore', () => String, { description: FEATURESTORE }) featurestore: string,
    @Arg('entityType', () => String, { description: ENTITY_TYPE }) entityType: string,
    @Arg('entityIds', () => [ID], { description: 'Their ids.' }) entityIds: string[],
    @Args(() => ReadArguments) read: ReadArguments,
  ): EntityHandle[] {
    return entityHandles(registry.entityType(featurestore, entityType), entityIds, read);
  }

  @Query(() => FeatureMatrix, {
    description: 'Some features of many entities as columns: the fast shape for scoring. At most 10 000 entities.',
    complexity: matrixComplexity('entityIds', 'names'),
  })
  async featureMatrix(
    @Ctx() { registry, loaders }: RequestContext,
    @Arg('featurestore', () => String, { description: FEATURESTORE }) featurestore: string,
    @Arg('entityType', () => String, { description: ENTITY_TYPE }) entityTypeName: string,
    @Arg('entityIds', () => [ID], { description: 'The entities, one row each.' }) entityIds: string[],
    @Arg('names', () => [String], { description: 'The features, one column each.' }) names: string[],
    @Args(() => ReadArguments) read: ReadArguments,
  ): Promise<FeatureMatrix> {
    const entityType = registry.entityType(featurestore, entityTypeName);
    const features = selectFeatures(entityType, names, null);
    const entities = entityHandles(entityType, entityIds, read);
    const rows = await Promise.all(entities.map((entity) => loaders.readCells(entity, features)));
    return {
      entityIds: entities.map(({ entityId }) => entityId),
      names,
      values: rows.map((row) =>
        row.map(({ value }, index) => (value === null ? null : toClientValue(features[index]!.valueType, value))),
      ),
      timestamps: rows.map((row) => row.map(({ timestamp }) => timestamp)),
      statuses: rows.map((row) => row.map(({ status }) => status)),
    };
  }
}
