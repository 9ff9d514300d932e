import { Arg, Ctx, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { Feature } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { entitiesComplexity } from '../schema/complexity.js';
import { Entity } from '../schema/entity/entity.js';
import type { RequestContext } from './context.js';
import { entityHandle, entityHandles, selectFeatures, type EntityHandle } from './entity.js';

interface FeatureValuesArguments {
  readonly featurestore: string;
  readonly entityType: string;
  readonly entityIds: readonly string[];
  readonly names?: readonly string[] | null;
}

/** The entities of one event, with the names by which the registry of the event finds their type. */
interface WrittenEntities {
  readonly request: FeatureValuesArguments;
  readonly entityIds: readonly string[];
}

@Resolver()
export class FeatureValuesResolver {
  @Subscription(() => [Entity], {
    description:
      'The current values of entities, then those of each entity that a client writes or deletes, by any transport. The first event has ' +
      'all entities, in the order of `entityIds`; a later event has those that were written since the event before it. An ' +
      'event has the newest values: a slow client misses values between them, and `history` has all values. A client that ' +
      'connects again gets all entities again, so it needs no cursor. Values of computed sources change by a refresh, and ' +
      'rows of the future when their time comes: these changes give no event.',
    complexity: entitiesComplexity,
    subscribe: ({ args, context }: { args: FeatureValuesArguments; context: RequestContext }) =>
      followEntities(args, context),
  })
  featureValues(
    @Ctx() { registry }: RequestContext,
    @Root() { entityIds: changed, request }: WrittenEntities,
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
  ): EntityHandle[] {
    const entityType = registry.entityType(request.featurestore, request.entityType);
    return changed.map((entityId) => entityHandle(entityType, entityId, {}));
  }
}

function followEntities(
  request: FeatureValuesArguments,
  { registry, writers, policy, principal }: RequestContext,
): AsyncIterableIterator<WrittenEntities, undefined> {
  const { maxFollowedEntities } = REQUEST_LIMITS;
  const { length } = request.entityIds;
  if (length === 0 || length > maxFollowedEntities) {
    throw badInput(
      `"entityIds" has ${formatLimit(length)} ids. A subscription follows 1 to ${formatLimit(maxFollowedEntities)} entities.`,
      'entityIds',
    );
  }
  const entityType = registry.entityType(request.featurestore, request.entityType);
  const features = request.names ? selectFeatures(entityType, request.names, null) : null;
  const entityIds = entityHandles(entityType, request.entityIds, {}).map(({ entityId }) => entityId);
  // An event tells that something was written: only of a feature that the client may read of that entity, by the policy of
  // that moment. The feature can be that of a later registry.
  const mayKnow = (id: string, feature: Feature): boolean =>
    policy.accessOf(principal).reads(feature.entityType).has(feature, id);
  const steps = writers.watch.follow({ entityType, entityIds, features, mayKnow });
  const events: AsyncIterableIterator<WrittenEntities, undefined> = {
    next: async () => {
      const step = await steps.next();
      return step.done ? step : { done: false, value: { request, entityIds: step.value } };
    },
    return: async () => {
      await steps.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => events,
  };
  return events;
}
