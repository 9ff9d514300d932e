import type { Monitor } from '../datasources/registry/model.js';
import { JobType } from '../jobs/job-type.js';
import { MONITOR_RUN, type MonitorRunResult, type MonitorRunSpec } from './monitors.js';

/** The checkpoint has the numbers once they are measured, so that a resumed run pays for no query twice. */
export const LOCAL_MONITOR_RUN = new JobType<MonitorRunSpec, MonitorRunResult, MonitorRunResult>(
  'monitor-run-local',
  MONITOR_RUN,
);

/** The runs of a monitor have one target: an index finds them. */
export function monitorTarget({ name, entityType }: Monitor): string {
  return `monitor/${entityType.featurestore.name}/${name}`;
}
