import type { BigQuery, BigQueryOptions } from '@google-cloud/bigquery';
import type { BigQuerySettings } from '../../registry/model.js';

/** The endpoint of the API and the number of the client's retries; for tests. */
export type BigQueryClientOptions = Pick<BigQueryOptions, 'apiEndpoint' | 'retryOptions' | 'authClient'>;

/** Loads the client only here: a gateway without BigQuery does not load it. */
export async function openBigQueryClient(
  { project, location }: Pick<BigQuerySettings, 'project'> & Partial<BigQuerySettings>,
  options: BigQueryClientOptions = {},
): Promise<BigQuery> {
  const { BigQuery: Client } = await import('@google-cloud/bigquery');
  return new Client({ projectId: project, ...(location === undefined ? {} : { location }), ...options });
}
