import type { EntityType } from '../datasources/registry/model.js';
import { GATEWAY } from '../ingestion/job-schedules.js';
import type { RefreshTrigger, SourceRefreshes } from '../ingestion/source-refreshes.js';
import type { Logger } from '../observability/logger.js';

/** Starts the refresh of each entity type whose stored values are out of date. Gives the ids of the jobs. */
export async function refreshStale(
  sourceRefreshes: SourceRefreshes,
  logger: Logger,
  stale: readonly EntityType[],
  trigger: RefreshTrigger,
): Promise<string[]> {
  const ids: string[] = [];
  for (const entityType of stale) {
    const request = { entityType, source: null, labels: {}, trigger, createdBy: GATEWAY, idempotencyKey: null };
    const { id } = await sourceRefreshes.start(request);
    const name = `${entityType.featurestore.name}.${entityType.name}`;
    logger.warn({ entityType: name, job: id }, 'old values are served until a refresh replaces them');
    ids.push(id);
  }
  return ids;
}
