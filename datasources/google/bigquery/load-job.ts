import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BigQuery, JobLoadMetadata, Table } from '@google-cloud/bigquery';
import pRetry from 'p-retry';
import { hasStatus, isClientError } from './api-error.js';
import { isRateLimit, RETRIES } from './rate-limits.js';

export interface LoadJob {
  readonly client: BigQuery;
  /** The location of the table. BigQuery finds a job only in its location. */
  readonly location: string;
  readonly retryDelayMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly table: Table;
  readonly jobId: string;
  readonly metadata: JobLoadMetadata;
  /** What is loaded; each attempt reads it from the start. */
  readonly content: () => Readable;
}

/**
 * Loads what is sent with the job: all of it or nothing, once for each job id. It takes seconds and costs nothing; a
 * table allows 1,500 load jobs a day.
 *
 * The client sends the content with the job in one request and does not retry it. This function retries it under the
 * same job id. If only the response was lost, BigQuery reports that the job exists, and this function waits for its end.
 */
export async function runLoadJob(job: LoadJob): Promise<void> {
  const { client, location, table, jobId, metadata, content, retryDelayMs, signal } = job;
  table.location = location;
  let isThere = false;
  const load = async (): Promise<void> => {
    // Without credentials, the client's upload throws where no code can catch it, which would end the process.
    await client.authClient.getRequestHeaders();
    const upload = table.createWriteStream({ ...metadata, jobId });
    upload.once('job', () => (isThere = true));
    try {
      // Resolves when the job has ended and rejects when the job fails.
      await pipeline(content(), upload, signal ? { signal } : {});
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
