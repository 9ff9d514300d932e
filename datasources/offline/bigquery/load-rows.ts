import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BigQuery, Table } from '@google-cloud/bigquery';
import pRetry from 'p-retry';
import type { BigQuerySettings } from '../../registry/model.js';
import { isRateLimit, RETRIES } from '../../google/bigquery/rate-limits.js';
import { hasStatus, isClientError } from '../../google/bigquery/api-error.js';

export interface Loading {
  readonly client: BigQuery;
  readonly settings: BigQuerySettings;
  readonly newId: () => string;
  readonly retryDelayMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Appends rows to a table by a load job: all of them or none, exactly once, whatever their age. It takes seconds and
 * costs nothing; a table allows 1,500 load jobs a day.
 *
 * The client sends the rows with the job in one request and does not retry it. This function retries it under the same
 * job id. If only the response was lost, BigQuery reports that the job exists, and this function waits for its end.
 */
export async function loadRows(
  { client, settings, newId, retryDelayMs, signal }: Loading,
  { table, what }: { readonly table: Table; readonly what: 'values' | 'labels' },
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const { location } = settings;
  // The location applies to the job too: BigQuery finds a job only in its location.
  table.location = location;
  const jobId = `featuregraph_load_${what}_${newId()}`;
  let isThere = false;
  const load = async (): Promise<void> => {
    // Without credentials, the client's upload throws where no code can catch it, which would end the process.
    await client.authClient.getRequestHeaders();
    const upload = table.createWriteStream({
      jobId,
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      writeDisposition: 'WRITE_APPEND',
      createDisposition: 'CREATE_NEVER',
    });
    upload.once('job', () => (isThere = true));
    try {
      // Resolves when the job has ended and rejects when the job fails.
      await pipeline(Readable.from(toJsonLines(rows)), upload, signal ? { signal } : {});
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
      isThere = true;
      await client.job(jobId, { location, projectId: table.dataset.projectId }).promise();
    }
  };
  await pRetry(load, {
    retries: RETRIES,
    minTimeout: retryDelayMs,
    randomize: true,
    ...(signal ? { signal } : {}),
    shouldRetry: ({ error }) => !isThere && (isRateLimit(error) || !isClientError(error)),
  });
}

function* toJsonLines(rows: readonly Readonly<Record<string, unknown>>[]): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}
