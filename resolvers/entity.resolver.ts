import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql';
import { ENTITY_IDS } from '../schema/arguments.js';
import { entitiesComplexity, entityComplexity, matrixComplexity } from '../schema/complexity.js';
import { Entity } from '../schema/entity/entity.js';
import { FeatureMatrix } from '../schema/entity/feature-matrix.js';
import { ReadArguments } from '../schema/entity/read-arguments.js';
import { mapInTurns } from '../runtime/turns.js';
import { toClientValue } from '../values/client-value.js';
import type { RequestContext } from './context.js';
import { namedEntityType } from './catalogue.js';
import { entityHandle, listEntities, type EntityHandle } from './entity.js';
import { readMatrix } from './read-matrix.js';

const FEATURESTORE = 'The name of the featurestore.';
const ENTITY_TYPE = 'The name of the entity type.';

@Resolver()
export class EntityResolver {
  @Query(() => Entity, {
    nullable: true,
    description:
      'The entity with this id. An unknown id is not an error: all values of such an entity have the status ' +
      'NOT_FOUND.',
    complexity: entityComplexity,
  })
  entity(
    @Ctx() context: RequestContext,
    @Arg('featurestore', () => String, { description: FEATURESTORE }) featurestore: string,
    @Arg('entityType', () => String, { description: ENTITY_TYPE }) entityType: string,
    @Arg('entityId', () => ID, { description: 'The entity id. EntityType.entityIdColumns describes composite ids.' })
    entityId: string,
    @Args(() => ReadArguments) read: ReadArguments,
  ): EntityHandle {
    return entityHandle(namedEntityType(context, featurestore, entityType), entityId, read);
  }

  @Query(() => [Entity], {
    description:
      'The entities with these ids, in the order of `entityIds`. An unknown id is not an error: all values of such ' +
      'an entity have the status NOT_FOUND.',
    complexity: entitiesComplexity,
  })
  entities(
    @Ctx() context: RequestContext,
    @Arg('featurestore', () => String, { description: FEATURESTORE }) featurestore: string,
    @Arg('entityType', () => String, { description: ENTITY_TYPE }) entityType: string,
    @Arg('entityIds', () => [ID], {
      description: `${ENTITY_IDS} EntityType.entityIdColumns describes composite ids.`,
    })
    entityIds: string[],
    @Args(() => ReadArguments) read: ReadArguments,
  ): EntityHandle[] | Promise<EntityHandle[]> {
    return listEntities(namedEntityType(context, featurestore, entityType), entityIds, read);
  }

  @Query(() => FeatureMatrix, {
    description:
      'The values of some features of many entities, as arrays. It is the fastest way to read many values, e.g. ' +
      'to score them with a model.',
    complexity: matrixComplexity,
  })
  async featureMatrix(
    @Ctx() context: RequestContext,
    @Arg('featurestore', () => String, { description: FEATURESTORE }) featurestore: string,
    @Arg('entityType', () => String, { description: ENTITY_TYPE }) entityType: string,
    @Arg('entityIds', () => [ID], { description: `${ENTITY_IDS} Each is a row of the result.` })
    entityIds: string[],
    @Arg('names', () => [String], { description: 'The names of the features. Each is a column of the result.' })
    names: string[],
    @Args(() => ReadArguments) read: ReadArguments,
  ): Promise<FeatureMatrix> {
    const { asOf, knownAt, strictlyBefore, includeExpired } = read;
    const { entities, features, rows } = await readMatrix(context, {
      ...{ featurestore, entityType, entityIds, names },
      ...{ asOf, knownAt, strictlyBefore, includeExpired },
    });
    return {
      entityIds: entities.map(({ entityId }) => entityId),
      names,
      values: await mapInTurns(rows, (row) =>
        row.map(({ value }, index) => (value === null ? null : toClientValue(features[index]!.valueType, value))),
      ),
      timestamps: await mapInTurns(rows, (row) => row.map(({ timestamp }) => timestamp)),
      statuses: await mapInTurns(rows, (row) => row.map(({ status }) => status)),
    };
  }
}
