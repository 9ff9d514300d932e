import type { FeatureSource, FeatureView, Monitor } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { FeatureViewSyncs } from '../ingestion/feature-view-syncs.js';
import type { JobSchedules } from '../ingestion/job-schedules.js';
import { RefreshSchedules } from '../ingestion/refresh/refresh-schedules.js';
import type { SourceRefreshes } from '../ingestion/source-refreshes.js';
import { SyncSchedules } from '../ingestion/sync/sync-schedules.js';
import { MonitorSchedules } from '../monitors/monitor-schedules.js';
import type { Monitors } from '../monitors/monitors.js';
import type { Logger } from '../observability/logger.js';
import type { Instant } from '../values/instant.js';

interface SchedulesOptions {
  readonly registry: Registry;
  readonly since: Instant | null;
  readonly syncs: FeatureViewSyncs;
  readonly refreshes: SourceRefreshes;
  readonly monitors: Monitors;
  readonly logger: Logger;
}

/** Starts jobs by the schedules of the registry. */
export function startSchedules({
  registry,
  since,
  syncs,
  refreshes,
  monitors,
  logger,
}: SchedulesOptions): JobSchedules[] {
  return [
    new SyncSchedules({
      registry,
      since,
      syncs,
      onSkip: (view) => logger.warn(toViewLabels(view), 'a scheduled sync was skipped: the one before has not ended'),
      onError: (err, view) => logger.error({ err, ...toViewLabels(view) }, 'a scheduled sync was not started'),
    }),
    new RefreshSchedules({
      registry,
      since,
      refreshes,
      onSkip: (source) =>
        logger.warn(toSourceLabels(source), 'a scheduled refresh was skipped: the one before has not ended'),
      onError: (err, source) => logger.error({ err, ...toSourceLabels(source) }, 'a scheduled refresh was not started'),
    }),
    new MonitorSchedules({
      registry,
      since,
      monitors,
      onSkip: (monitor) =>
        logger.warn(toMonitorLabels(monitor), 'a scheduled run was skipped: the one before has not ended'),
      onError: (err, monitor) =>
        logger.error({ err, ...toMonitorLabels(monitor) }, 'a scheduled run of a monitor was not started'),
    }),
  ];
}

function toSourceLabels({ name, entityType }: FeatureSource): object {
  return { entityType: `${entityType.featurestore.name}.${entityType.name}`, source: name };
}

export function toMonitorLabels({ name, entityType }: Monitor): object {
  return { monitor: `${entityType.featurestore.name}.${name}` };
}

export function toViewLabels({ name, entityType }: FeatureView): object {
  return { featureView: `${entityType.featurestore.name}.${name}` };
}
