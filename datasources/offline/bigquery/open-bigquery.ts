import { randomUUID } from 'node:crypto';
import type { BigQuery, BigQueryOptions } from '@google-cloud/bigquery';
import type { Clock } from '../../../values/clock.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import { BigQueryOfflineStore } from './bigquery-offline-store.js';
import type { QueryOrigin } from './job-labels.js';
import { prepareTables } from './prepare-tables.js';
import { DEFAULT_RETRY_DELAY_MS } from './rate-limits.js';

export interface BigQueryDependencies {
  readonly clock: Clock;
  /** The request that code runs for, for job labels and cancelling. Nothing: no one in particular. */
  readonly currentOrigin?: () => QueryOrigin;
  /** Where the API is and how often the client tries again; for tests. */
  readonly client?: Pick<BigQueryOptions, 'apiEndpoint' | 'retryOptions' | 'authClient'>;
  readonly retryDelayMs?: number;
}

/**
 * Opens the store for these sources, after its tables were checked or made. Throws an OperatorError that lists everything
 * in the dataset that does not fit the registry.
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

/** The client's code is loaded here and not before: a gateway without BigQuery does not pay for it. */
export async function openBigQueryClient(
  { project, location }: Pick<BigQuerySettings, 'project'> & Partial<BigQuerySettings>,
  options: NonNullable<BigQueryDependencies['client']> = {},
): Promise<BigQuery> {
  const { BigQuery: Client } = await import('@google-cloud/bigquery');
  return new Client({ projectId: project, ...(location === undefined ? {} : { location }), ...options });
}
