import type { FeatureSource } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { Instant } from '../../values/instant.js';
import { JobSchedules, SCHEDULER, type ScheduledJob } from '../job-schedules.js';
import type { SourceRefreshes } from '../source-refreshes.js';

export interface RefreshSchedulesOptions {
  readonly registry: Registry;
  /** Up to here, all scheduled jobs were started (JobSchedules). */
  readonly since: Instant | null;
  readonly refreshes: SourceRefreshes;
  /** A refresh that was skipped, because the previous one has not ended. */
  readonly onSkip: (source: FeatureSource) => void;
  /** A refresh that could not be started. */
  readonly onError: (error: unknown, source: FeatureSource) => void;
}

/** Starts the refreshes of sources at their scheduled times. */
export class RefreshSchedules extends JobSchedules {
  constructor({ registry, since, refreshes, onSkip, onError }: RefreshSchedulesOptions) {
    const toJob = (source: FeatureSource): ScheduledJob[] => {
      const { refreshSchedule: schedule, entityType, name } = source;
      if (schedule === null) return [];
      return [
        {
          schedule,
          newest: () => refreshes.newest(source),
          start: (time) => {
            // A sync of a view has no key that begins so: names of a registry have no space.
            const idempotencyKey = `refresh ${entityType.featurestore.name}/${entityType.name}/${name} ${time}`;
            const request = { entityType, source: name, labels: {}, createdBy: SCHEDULER, idempotencyKey };
            return refreshes.start({ ...request, trigger: 'SCHEDULE' });
          },
          onSkip: () => onSkip(source),
          onError: (error) => onError(error, source),
        },
      ];
    };
    const entityTypes = registry.featurestores.flatMap((featurestore) => featurestore.entityTypes);
    super(entityTypes.flatMap(({ sources }) => sources).flatMap(toJob), since);
  }
}
