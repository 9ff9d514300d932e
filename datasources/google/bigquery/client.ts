import type { BigQuery, BigQueryOptions } from '@google-cloud/bigquery';
import type { BigQuerySettings } from '../../registry/model.js';

/** Where the API is and how often the client tries again; for tests. */
export type BigQueryClientOptions = Pick<BigQueryOptions, 'apiEndpoint' | 'retryOptions' | 'authClient'>;

/** The client's code is loaded here and not before: a gateway without BigQuery does not pay for it. */
export async function openBigQueryClient(
  { project, location }: Pick<BigQuerySettings, 'project'> & Partial<BigQuerySettings>,
  options: BigQueryClientOptions = {},
): Promise<BigQuery> {
  const { BigQuery: Client } = await import('@google-cloud/bigquery');
  return new Client({ projectId: project, ...(location === undefined ? {} : { location }), ...options });
}
