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
 * Appends rows to a table by a load job: all of them or none, once, however old they are. It takes seconds and costs
 * nothing; a table takes 1,500 of them a day.
 *
 * The client sends the rows with the job in one request and does not try it again. Here it is tried again under the same
 * job id: where only the answer was lost BigQuery says that the job is there, and its end is waited for.
 */
export async function loadRows(
  { client, settings, newId, retryDelayMs, signal }: Loading,
  { table, what }: { readonly table: Table; readonly what: 'values' | 'labels' },
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const { location } = settings;
  // Of the job too, which is not found anywhere else.
  table.location = location;
  const jobId = `featuregraph_load_${what}_${newId()}`;
  let isThere = false;
  const load = async (): Promise<void> => {
    // Without credentials the client's upload throws where nothing can catch it, and would end the process.
    await client.authClient.getRequestHeaders();
    const upload = table.createWriteStream({
      jobId,
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      writeDisposition: 'WRITE_APPEND',
      createDisposition: 'CREATE_NEVER',
    });
    upload.once('job', () => (isThere = true));
    try {
      // Ends when the job has ended, and fails when the job does.
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
