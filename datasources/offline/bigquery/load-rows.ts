import { Readable } from 'node:stream';
import type { BigQuery, Table } from '@google-cloud/bigquery';
import type { BigQuerySettings } from '../../registry/model.js';
import { runLoadJob } from '../../google/bigquery/load-job.js';

export interface Loading {
  readonly client: BigQuery;
  readonly settings: BigQuerySettings;
  readonly newId: () => string;
  readonly retryDelayMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Appends rows to a table by a load job: all of them or none, exactly once, whatever their age. */
export async function loadRows(
  { client, settings, newId, retryDelayMs, signal }: Loading,
  { table, what }: { readonly table: Table; readonly what: 'values' | 'labels' },
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  await runLoadJob({
    client,
    location: settings.location,
    retryDelayMs,
    signal,
    table,
    jobId: `featuregraph_load_${what}_${newId()}`,
    metadata: {
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      writeDisposition: 'WRITE_APPEND',
      createDisposition: 'CREATE_NEVER',
    },
    content: () => Readable.from(toJsonLines(rows)),
  });
}

function* toJsonLines(rows: readonly Readonly<Record<string, unknown>>[]): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}
