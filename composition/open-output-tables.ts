import type { Config } from '../config/config.js';
import { openBigQueryClient } from '../datasources/google/bigquery/client.js';
import { DEFAULT_RETRY_DELAY_MS } from '../datasources/google/bigquery/rate-limits.js';
import {
  BigQueryOutputTables,
  type OutputDataset,
} from '../datasources/output-tables/bigquery/bigquery-output-tables.js';
import type { OutputTables } from '../datasources/output-tables/output-tables.js';
import type { GoogleClientOptions } from './google-clients.js';

/** The tables of BigQuery that jobs write; undefined where the operator named no dataset for them. */
export function openOutputTables(
  config: Pick<Config, 'outputDataset'>,
  google: GoogleClientOptions = {},
): OutputTables | undefined {
  const dataset = outputDataset(config, google);
  return dataset && new BigQueryOutputTables({ ...dataset, retryDelayMs: DEFAULT_RETRY_DELAY_MS });
}

/** The dataset with a client, which is opened on first use. */
export function outputDataset(
  { outputDataset: dataset }: Pick<Config, 'outputDataset'>,
  { bigquery }: GoogleClientOptions = {},
): OutputDataset | undefined {
  if (dataset === null) return undefined;
  let client: ReturnType<typeof openBigQueryClient> | undefined;
  return { ...dataset, client: () => (client ??= openBigQueryClient({ project: dataset.project }, bigquery)) };
}
