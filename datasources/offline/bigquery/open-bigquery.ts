import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../values/clock.js';
import { openBigQueryClient, type BigQueryClientOptions } from '../../google/bigquery/client.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import { BigQueryOfflineStore } from './bigquery-offline-store.js';
import type { QueryOrigin } from './job-labels.js';
import { prepareTables } from './prepare-tables.js';
import { DEFAULT_RETRY_DELAY_MS } from '../../google/bigquery/rate-limits.js';

export interface BigQueryDependencies {
  readonly clock: Clock;
  /** The request that the code runs for, for job labels and cancellation; undefined outside of requests. */
  readonly currentOrigin?: () => QueryOrigin;
  /** For tests. */
  readonly client?: BigQueryClientOptions;
  readonly retryDelayMs?: number;
}

/**
 * Opens the store for these sources, after it has checked or created their tables. Throws an OperatorError that lists
 * every mismatch between the dataset and the registry.
 */
export async function openBigQueryOfflineStore(
  settings: BigQuerySettings,
  sources: readonly FeatureSource[],
  {
    clock,
    currentOrigin = () => ({}),
    client: clientOptions = {},
    retryDelayMs = DEFAULT_RETRY_DELAY_MS,
  }: BigQueryDependencies,
): Promise<BigQueryOfflineStore> {
  const client = await openBigQueryClient(settings, clientOptions);
  return new BigQueryOfflineStore({
    client,
    settings,
    tables: await prepareTables(client, settings, sources),
    clock,
    newId: randomUUID,
    currentOrigin,
    retryDelayMs,
  });
}
