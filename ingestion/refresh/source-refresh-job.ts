import { JobType } from '../../jobs/job-type.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { SOURCE_REFRESH, type SourceRefreshResult, type SourceRefreshSpec } from '../source-refreshes.js';

/** A refresh has no checkpoint: a source is replaced in one step, and a resumed job finds the completed ones up to date. */
export const LOCAL_REFRESH = new JobType<SourceRefreshSpec, null, SourceRefreshResult>(
  'source-refresh-local',
  SOURCE_REFRESH,
);

/** The refreshes of an entity type have one target: an index finds them. */
export function refreshTarget({ name, featurestore }: EntityType): string {
  return `refresh/${featurestore.name}/${name}`;
}
