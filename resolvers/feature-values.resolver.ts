import type { GraphQLResolveInfo } from 'graphql';
import { Args, Ctx, Resolver, Root, Subscription } from 'type-graphql';
import type { ValuesEvent } from '../ingestion/writes/followed-values.js';
import { entitiesComplexity } from '../schema/complexity.js';
import { FeatureValuesArguments } from '../schema/entity/feature-values-arguments.js';
import { FeatureValuesEvent } from '../schema/entity/feature-values-event.js';
import { toClientValue } from '../values/client-value.js';
import type { RequestContext } from './context.js';
import { namedEntityType } from './catalogue.js';
import { entityHandle, type EntityHandle } from './entity.js';
import { followEntities } from './follow-entities.js';
import { selectsField } from './selects-field.js';
import { encodeWriteCursor } from './write-cursor.js';

@Resolver()
export class FeatureValuesResolver {
  @Subscription(() => FeatureValuesEvent, {
    description:
      'The current values of entities, then those of each entity that a client writes or deletes, by any transport. The ' +
      'first event comes at once and has all entities. Each event has the entities whose current values changed, and, if ' +
      'the client selects `written`, each written value. A client that loses the connection subscribes again with the last ' +
      '`cursor` as `after`: it gets each value that was written since, at least once and in the order of the writes, and ' +
      'then the later ones. If that is not possible, the error is CURSOR_EXPIRED. Values of computed sources change by a ' +
      'refresh, which gives no event.',
    complexity: entitiesComplexity,
    subscribe: ({
      args,
      context,
      info,
    }: {
      args: FeatureValuesArguments;
      context: RequestContext;
      info: GraphQLResolveInfo;
    }) => followEntities(args, context, selectsField(info, 'written')),
  })
  featureValues(
    @Ctx() context: RequestContext,
    @Root() event: ValuesEvent,
    @Args(() => FeatureValuesArguments) request: FeatureValuesArguments,
  ): FeatureValuesEvent {
    const { writers, audit, now } = context;
    const entityType = namedEntityType(context, request.featurestore, request.entityType);
    const entities: EntityHandle[] = event.entityIds.map((entityId) => entityHandle(entityType, entityId, {}));
    if (event.written && event.written.length > 0) {
      const written = new Set(event.written.map(({ entityId }) => entityId));
      const features = new Set(event.written.map(({ feature }) => feature));
      audit.read(
        entityType,
        Array.from(written, (entityId) => ({ entityId, asOf: null })),
        [...features],
      );
    }
    return {
      cursor: event.position === null ? null : encodeWriteCursor(event.position, writers.positionOf(entityType), now),
      entities,
      written:
        event.written?.map(({ entityId, feature, value, timestamp, isNewest }) => ({
          entityId,
          name: feature.name,
          feature,
          value: value === null ? null : toClientValue(feature.valueType, value),
          timestamp,
          isNewest,
        })) ?? null,
    };
  }
}
