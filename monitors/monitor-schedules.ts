import type { Monitor } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { JobSchedules, SCHEDULER, type ScheduledJob } from '../ingestion/job-schedules.js';
import type { Instant } from '../values/instant.js';
import type { Monitors } from './monitors.js';

export interface MonitorSchedulesOptions {
  readonly registry: Registry;
  /** Up to here, all scheduled jobs were started (JobSchedules). */
  readonly since: Instant | null;
  readonly monitors: Pick<Monitors, 'start' | 'list'>;
  /** A run that was skipped, because the previous one has not ended. */
  readonly onSkip: (monitor: Monitor) => void;
  /** A run that could not be started. */
  readonly onError: (error: unknown, monitor: Monitor) => void;
}

/** Starts the runs of monitors at their scheduled times. */
export class MonitorSchedules extends JobSchedules {
  constructor({ registry, since, monitors, onSkip, onError }: MonitorSchedulesOptions) {
    const toJob = (monitor: Monitor): ScheduledJob[] => {
      const { schedule, name, entityType } = monitor;
      if (schedule === null) return [];
      return [
        {
          schedule,
          newest: async () => (await monitors.list(monitor, { before: null, limit: 1 }))[0],
          start: (time) => {
            const idempotencyKey = `monitor ${entityType.featurestore.name}/${name} ${time}`;
            const request = { monitor, at: null, labels: {}, createdBy: SCHEDULER, idempotencyKey };
            return monitors.start({ ...request, trigger: 'SCHEDULE' });
          },
          onSkip: () => onSkip(monitor),
          onError: (error) => onError(error, monitor),
        },
      ];
    };
    super(registry.featurestores.flatMap(({ monitors: all }) => all).flatMap(toJob), since);
  }
}
