import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { entitiesComplexity } from '../schema/complexity.js';
import { FeatureValuesEvent } from '../schema/entity/feature-values-event.js';
import { toClientValue } from '../values/client-value.js';
import type { RequestContext } from './context.js';
import { entityHandle, type EntityHandle } from './entity.js';
import { followEntities, type FeatureValuesArguments, type RequestedEvent } from './follow-entities.js';
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
    @Ctx() { registry, writers, audit, now }: RequestContext,
    @Root() { event, request }: RequestedEvent,
    @Arg('featurestore', () => String, { description: 'The name of the featurestore.' }) _featurestore: string,
    @Arg('entityType', () => String, { description: 'The name of the entity type.' }) _entityType: string,
    @Arg('entityIds', () => [ID], {
      description: `The entity ids, from 1 to ${formatLimit(REQUEST_LIMITS.maxFollowedEntities)}.`,
    })
    _entityIds: string[],
    @Arg('names', () => [String], {
      nullable: true,
      description:
        'The names of features: only a write of one of them gives an event. Null: a write of any feature does.',
    })
    _names: string[] | null | undefined,
    @Arg('after', () => String, {
      nullable: true,
      description:
        'The `cursor` of an event: the first events have the values that were written after that event. Null: the values ' +
        'written from now on.',
    })
    _after: string | null | undefined,
  ): FeatureValuesEvent {
    const entityType = registry.entityType(request.featurestore, request.entityType);
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
