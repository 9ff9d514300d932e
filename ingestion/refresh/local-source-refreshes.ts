import type { ImportingOfflineStore } from '../../datasources/offline/importing-offline-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import { readFreshness, type SourceFreshness } from '../source-freshness.js';
import {
  isSourceRefreshJob,
  SOURCE_REFRESH,
  type SourceRefreshes,
  type SourceRefreshJobRecord,
  type StartSourceRefresh,
} from '../source-refreshes.js';
import type { SourceRefreshHandler } from './source-refresh-handler.js';
import { readInputState } from '../source-fingerprint.js';
import { describeRecomputation, type RecomputedSource } from './describe-recomputation.js';
import { listRefreshed } from './list-refreshed.js';
import { refreshTarget } from './source-refresh-job.js';

/** The refreshes of an entity type, of which one is looked for. Each of its sources may have its own schedule. */
const MAX_LOOKED_AT = 100;

/** Refreshes that the gateway does itself. */
export class LocalSourceRefreshes implements SourceRefreshes {
  constructor(
    private readonly engine: JobEngine,
    private readonly handler: SourceRefreshHandler,
    private readonly offline: ImportingOfflineStore,
    private readonly clock: Clock,
  ) {}

  start(request: StartSourceRefresh): Promise<SourceRefreshJobRecord> {
    return this.engine.start(this.handler, request);
  }

  async estimate(request: Pick<StartSourceRefresh, 'entityType' | 'source'>): Promise<readonly RecomputedSource[]> {
    const found: RecomputedSource[] = [];
    for (const source of listRefreshed(request)) {
      const { importedAt, filesState } = await this.offline.sourceState(source, this.clock());
      if (importedAt !== null && filesState === (await readInputState(source))) continue;
      found.push(await describeRecomputation(source, importedAt === null ? null : source, this.offline));
    }
    return found;
  }

  async newest({ name, entityType }: FeatureSource): Promise<SourceRefreshJobRecord | undefined> {
    const filter = { kinds: [SOURCE_REFRESH], target: refreshTarget(entityType) };
    const jobs = await this.engine.list({ filter, before: null, limit: MAX_LOOKED_AT });
    return jobs.filter(isSourceRefreshJob).find(({ spec }) => spec.source === null || spec.source === name);
  }

  freshness(source: FeatureSource, now: Instant): Promise<SourceFreshness> {
    const isHere = source.entityType.featurestore.offlineSettings.kind === 'DUCKDB' || source.sql !== null;
    return readFreshness(source, isHere ? this.offline : null, now);
  }
}
