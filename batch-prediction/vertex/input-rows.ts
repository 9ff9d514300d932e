import type { BigQuery } from '@google-cloud/bigquery';
import { readTable } from '../../datasources/google/bigquery/tables.js';
import type { BatchInput } from '../batch-predictions.js';
import { tableUri } from './job-request.js';

/**
 * How many rows a job will read, from the metadata of its table: nothing is scanned, nothing is billed. null for files, whose
 * rows nobody has counted, for a view, and for a table that this gateway may not look at though Vertex AI may.
 */
export async function inputRows(input: BatchInput, bigquery: () => Promise<BigQuery>): Promise<bigint | null> {
  if (input.kind !== 'TABLE') return null;
  const [project = '', dataset = '', table = ''] = tableUri(input.table, 'input.table').replace('bq://', '').split('.');
  try {
    const metadata = await readTable(await bigquery(), { project, dataset, table });
    // A view has none.
    return metadata?.type === 'TABLE' && metadata.numRows !== undefined ? BigInt(metadata.numRows) : null;
  } catch {
    return null;
  }
}
