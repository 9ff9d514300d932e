import type { BilledQueries } from '../datasources/offline/billed-queries.js';
import { BigQueryBilledQueries } from '../datasources/offline/bigquery/bigquery-billed-queries.js';
import { DEFAULT_RETRY_DELAY_MS } from '../datasources/google/bigquery/rate-limits.js';
import { LostBills } from '../costs/lost-bills.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import { systemClock } from '../values/clock.js';
import type { GoogleClientOptions } from './google-clients.js';
import type { OpenCosts } from './open-costs.js';

/** A query of a read ends after a minute by default, and another gateway may have ended at any time. */
const LOOK_EVERY_MS = 60_000;

/** Asks BigQuery for the bills of queries whose process ended. */
export function openBilledQueries({ bigquery }: GoogleClientOptions = {}): BilledQueries {
  return new BigQueryBilledQueries({ client: bigquery, retryDelayMs: DEFAULT_RETRY_DELAY_MS });
}

/** Settles what processes before this one left reserved. Call it before this process reserves anything. */
export async function settleLostBills(
  { ledger }: OpenCosts,
  queries: BilledQueries,
  { config, logger, opened }: { config: Pick<Config, 'sharedJobs'>; logger: Logger; opened: AsyncDisposableStack },
): Promise<void> {
  const bills = new LostBills({
    ledger,
    queries,
    clock: systemClock,
    isShared: config.sharedJobs !== null,
    onError: (err) => logger.warn({ err }, 'the bill of a query whose process ended is not known: this is repeated'),
    lookEveryMs: LOOK_EVERY_MS,
  });
  opened.defer(() => bills.stop());
  await bills.start();
}
