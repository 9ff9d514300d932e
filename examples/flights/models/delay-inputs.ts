import type { PlannedEntity } from '../../../datasources/offline/point-in-time/plan.js';
import { getFeature, type Registry } from '../../../datasources/registry/registry.js';

/**
 * What the delay model sees of a flight, in the order of its graph: what the label itself says, then features of the
 * flight's route, of its origin and of its destination, as of the time it is to leave. The names are those of a training
 * set with route as its main entity type and airport joined twice, with the prefixes origin_ and destination_.
 */
export const LABEL_INPUTS = ['hour', 'day_of_week'] as const;

const ENTITIES = [
  {
    entityColumn: 'route_id',
    entityType: 'route',
    prefix: '',
    features: [
      'distance_miles',
      'departures_24h',
      'departures_7d',
      'mean_delay_24h',
      'mean_delay_7d',
      'late_share_7d',
      'max_delay_24h',
      'last_delay',
      'quiet_hours',
    ],
  },
  {
    entityColumn: 'origin_id',
    entityType: 'airport',
    prefix: 'origin_',
    features: ['departures_1h', 'departures_24h', 'mean_delay_3h', 'p90_delay_24h', 'late_share_24h'],
  },
  {
    entityColumn: 'destination_id',
    entityType: 'airport',
    prefix: 'destination_',
    features: ['departures_1h', 'departures_24h', 'mean_delay_3h', 'p90_delay_24h', 'late_share_24h'],
  },
] as const;

export const FEATURE_INPUTS = ENTITIES.flatMap(({ prefix, features }) => features.map((name) => `${prefix}${name}`));

export const DELAY_INPUTS: readonly string[] = [...LABEL_INPUTS, ...FEATURE_INPUTS];

/** The features of FEATURE_INPUTS, in their order, for the point-in-time planner. */
export function delayEntities(registry: Registry): PlannedEntity[] {
  return ENTITIES.map(({ entityColumn, entityType, features }) => ({
    entityColumn,
    features: features.map((name) => getFeature(registry.entityType('flights', entityType), name)),
  }));
}
