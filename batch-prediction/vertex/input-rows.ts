import type { BigQuery } from '@google-cloud/bigquery';
import { readTable } from '../../datasources/google/bigquery/tables.js';
import type { BatchInput } from '../batch-predictions.js';
import { tableUri } from './job-request.js';

/**
 * The number of rows that a job will read, from the metadata of its table: BigQuery scans and bills nothing. null for
 * files, whose rows are not counted, for a view, and for a table that this gateway may not read although Vertex AI may.
 */
export async function inputRows(input: BatchInput, bigquery: () => Promise<BigQuery>): Promise<bigint | null> {
  if (input.kind !== 'TABLE') return null;
  const [project = '', dataset = '', table = ''] = tableUri(input.table, 'input.table').replace('bq://', '').split('.');
  try {
    const metadata = await readTable(await bigquery(), { project, dataset, table });
    // A view has no row count.
    return metadata?.type === 'TABLE' && metadata.numRows !== undefined ? BigInt(metadata.numRows) : null;
  } catch {
    return null;
  }
}
