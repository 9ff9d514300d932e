import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { BigQueryOutputTables } from '../../../datasources/output-tables/bigquery/bigquery-output-tables.js';
import type { BigQueryServer } from './bigquery-server/server.js';
import { PROJECT } from './bigquery-store.js';

export const OUTPUTS = 'outputs';

/** The dataset for outputs of a test's own server, as one gateway opens it. */
export function openOutputDataset(server: BigQueryServer): BigQueryOutputTables {
  const client = new BigQuery({
    projectId: PROJECT,
    apiEndpoint: server.endpoint,
    retryOptions: { maxRetryDelay: 0.001 },
    authClient: new PassThroughClient(),
  });
  return new BigQueryOutputTables({ client: async () => client, project: PROJECT, dataset: OUTPUTS, retryDelayMs: 1 });
}
