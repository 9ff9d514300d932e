import type { ImportingOfflineStore } from '../../datasources/offline/importing-offline-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import { readFreshness, type SourceFreshness } from '../source-freshness.js';
import type { SourceRefreshes, SourceRefreshJobRecord, StartSourceRefresh } from '../source-refreshes.js';
import type { SourceRefreshHandler } from './source-refresh-handler.js';

/** Refreshes that the gateway does itself. */
export class LocalSourceRefreshes implements SourceRefreshes {
  constructor(
    private readonly engine: JobEngine,
    private readonly handler: SourceRefreshHandler,
    private readonly offline: ImportingOfflineStore,
  ) {}

  start(request: StartSourceRefresh): Promise<SourceRefreshJobRecord> {
    return this.engine.start(this.handler, request);
  }

  freshness(source: FeatureSource): Promise<SourceFreshness> {
    const isHere = source.entityType.featurestore.offlineSettings.kind === 'DUCKDB' || source.sql !== null;
    return readFreshness(source, isHere ? this.offline : null);
  }
}
