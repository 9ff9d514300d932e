import type { EntityType, Feature } from '../datasources/registry/model.js';
import { badInput, type AppError } from '../errors/app-error.js';
import { FollowedValues, type ValuesEvent } from '../ingestion/writes/followed-values.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { WRITE_LIMITS } from '../limits/write-limits.js';
import { Slots } from '../runtime/slots.js';
import type { FeatureValuesArguments } from '../schema/entity/feature-values-arguments.js';
import type { RequestContext } from './context.js';
import { namedEntityType } from './catalogue.js';
import { entityHandles, selectFeatures } from './entity.js';
import { decodeWriteCursor } from './write-cursor.js';

/** Of all subscriptions of the process. */
const resumingReads = new Slots(WRITE_LIMITS.maxResumingReads);

/** The events of a subscription. */
export function followEntities(
  request: FeatureValuesArguments,
  context: RequestContext,
  hasWritten: boolean,
): AsyncIterableIterator<ValuesEvent, undefined> {
  const { access, writers, stores, policy, principal, payer, clock } = context;
  const { maxFollowedEntities } = REQUEST_LIMITS;
  const { length } = request.entityIds;
  if (length === 0 || length > maxFollowedEntities) {
    throw badInput(
      `"entityIds" has ${formatLimit(length)} ids. A subscription follows 1 to ${formatLimit(maxFollowedEntities)} entities.`,
      'entityIds',
    );
  }
  const entityType = namedEntityType(context, request.featurestore, request.entityType);
  const features = request.names ? selectFeatures(access, entityType, request.names, null) : null;
  const entityIds = entityHandles(entityType, request.entityIds, {}).map(({ entityId }) => entityId);
  const offline = stores.offline(entityType.featurestore);
  const canResume = entityType.sources.every((source) => source.sql !== null || offline.hasCreationTimes(source));
  const position = writers.positionOf(entityType);
  if (request.after != null && !canResume) throw noResumption(entityType);
  const after = request.after == null ? null : decodeWriteCursor(request.after, position, clock());
  // Only of a feature that the client may read of that entity, by the policy of that moment.
  const mayKnow = (id: string, feature: Feature): boolean =>
    policy.accessOf(principal).reads(feature.entityType).has(feature, id);
  const followed = { entityType, entityIds, features, mayKnow };
  const following = writers.watch.follow(followed);
  const values = new FollowedValues({
    ...followed,
    following,
    position,
    online: stores.online(entityType.featurestore),
    offline,
    payer,
    canResume,
    resumingReads,
    clock,
    hasWritten,
    after,
  });
  const events: AsyncIterableIterator<ValuesEvent, undefined> = {
    next: async () => {
      try {
        const event = await values.next();
        return event ? { done: false, value: event } : { done: true, value: undefined };
      } catch (error) {
        // The subscription ends with this error: `return` is not called any more.
        following.leave();
        throw error;
      }
    },
    return: () => {
      following.leave();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => events,
  };
  return events;
}

function noResumption({ name }: EntityType): AppError {
  return badInput(
    `The offline store of "${name}" does not keep the time of writes, so a subscription cannot go on at a cursor. Name the ` +
      'createdTimestampColumn of its sources in the registry, or subscribe without "after".',
    'after',
  );
}
