import type { JobEngine } from '../../jobs/job-engine.js';
import type { SourceRefreshes, SourceRefreshJobRecord, StartSourceRefresh } from '../source-refreshes.js';
import type { SourceRefreshHandler } from './source-refresh-handler.js';

/** Refreshes that the gateway does itself. */
export class LocalSourceRefreshes implements SourceRefreshes {
  constructor(
    private readonly engine: JobEngine,
    private readonly handler: SourceRefreshHandler,
  ) {}

  start(request: StartSourceRefresh): Promise<SourceRefreshJobRecord> {
    return this.engine.start(this.handler, request);
  }
}
