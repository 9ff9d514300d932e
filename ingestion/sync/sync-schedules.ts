import type { FeatureView } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { Instant } from '../../values/instant.js';
import { describeOnlineStore } from '../../datasources/registry/store-kinds.js';
import type { FeatureViewSyncs } from '../feature-view-syncs.js';
import { JobSchedules, SCHEDULER, type ScheduledJob } from '../job-schedules.js';

export interface SyncSchedulesOptions {
  readonly registry: Registry;
  /** Up to here, all scheduled jobs were started (JobSchedules). */
  readonly since: Instant | null;
  readonly syncs: FeatureViewSyncs;
  /** A sync that was skipped, because the previous one has not ended. */
  readonly onSkip: (view: FeatureView) => void;
  /** A sync that could not be started. */
  readonly onError: (error: unknown, view: FeatureView) => void;
}

/** Starts the syncs of feature views at their scheduled times. Vertex AI runs the schedules of its own syncs. */
export class SyncSchedules extends JobSchedules {
  constructor({ registry, since, syncs, onSkip, onError }: SyncSchedulesOptions) {
    const toJob = (view: FeatureView): ScheduledJob[] => {
      const { schedule } = view;
      if (schedule === null) return [];
      return [
        {
          schedule,
          newest: async () => (await syncs.list(view, { before: null, limit: 1 }))[0],
          start: (time) => {
            const idempotencyKey = `${view.entityType.featurestore.name}/${view.name} ${time}`;
            return syncs.start({ view, labels: {}, trigger: 'SCHEDULE', createdBy: SCHEDULER, idempotencyKey });
          },
          onSkip: () => onSkip(view),
          onError: (error) => onError(error, view),
        },
      ];
    };
    const synced = registry.featurestores.filter(
      ({ onlineSettings }) => describeOnlineStore(onlineSettings).syncedBy === 'GATEWAY',
    );
    super(synced.flatMap(({ featureViews }) => featureViews).flatMap(toJob), since);
  }
}
