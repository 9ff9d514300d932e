import type { BigQuery, Job, QueryResultsOptions, QueryRowsResponse } from '@google-cloud/bigquery';
import type { BigQuerySettings } from '../../registry/model.js';
import type { BigQuerySql } from '../point-in-time/bigquery-parameters.js';
import { jobLabels, type QueryOrigin } from './job-labels.js';
import { withinRateLimits } from './rate-limits.js';
import { hasStatus, storeError } from './store-error.js';

/** A row as the client gives it: INT64 as an object with its digits, BYTES as a Buffer, everything else plain. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** One page: at most so many rows, and the API ends it earlier at 20 MB. Integers keep their digits. */
const FIRST_PAGE = { maxResults: 10_000, wrapIntegers: true, autoPaginate: false };

export interface QueryJobsOptions {
  readonly client: BigQuery;
  readonly settings: BigQuerySettings;
  /** A new id each time. */
  readonly newId: () => string;
  readonly retryDelayMs: number;
  /** The request that the query is made for. */
  readonly currentOrigin: () => QueryOrigin;
}

/**
 * Queries as jobs whose ids we choose. The client's shorter way (`query()`, jobs.query) gives the id with the answer, which
 * is too late: with our own id a job can be cancelled at any time, a start whose answer was lost is recognised and not paid
 * twice, and the job is found in INFORMATION_SCHEMA.JOBS by what it was for.
 */
export class QueryJobs {
  constructor(private readonly options: QueryJobsOptions) {}

  /** The rows of a query, page by page: one page is in memory. Ending the iteration early, or the request, ends the job. */
  async *pages(operation: string, query: BigQuerySql): AsyncGenerator<ResultRow[]> {
    const { signal } = this.options.currentOrigin();
    const job = await this.#start(operation, query, signal);
    let isRunning = true;
    const cancel = (): void => void cancelQuietly(job);
    signal?.addEventListener('abort', cancel);
    try {
      let page: QueryResultsOptions | null | undefined = FIRST_PAGE;
      while (page) {
        const asked: QueryResultsOptions = page;
        const [rows, next, answer]: QueryRowsResponse = await this.#try(() => job.getQueryResults(asked));
        signal?.throwIfAborted();
        isRunning = answer?.jobComplete === false;
        if (rows.length > 0) yield rows as ResultRow[];
        page = next;
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw storeError(error, this.options.settings.maximumBytesBilled);
    } finally {
      signal?.removeEventListener('abort', cancel);
      if (isRunning) cancel();
    }
  }

  async rows(operation: string, query: BigQuerySql): Promise<ResultRow[]> {
    const rows: ResultRow[] = [];
    for await (const page of this.pages(operation, query)) rows.push(...page);
    return rows;
  }

  /** The bytes a query would read: an upper bound on clustered tables. Nothing runs and nothing is paid. */
  async estimateBytes(operation: string, query: BigQuerySql): Promise<bigint> {
    try {
      const request = { ...this.#request(operation, query), dryRun: true };
      const [job] = await this.#try(() => this.options.client.createQueryJob(request));
      const { statistics } = job.metadata as { statistics: { totalBytesProcessed: string } };
      return BigInt(statistics.totalBytesProcessed);
    } catch (error) {
      throw storeError(error, this.options.settings.maximumBytesBilled);
    }
  }

  async #start(operation: string, query: BigQuerySql, signal: AbortSignal | undefined): Promise<Job> {
    const { client, settings, newId } = this.options;
    signal?.throwIfAborted();
    const jobId = `featuregraph_${operation}_${newId()}`;
    const handle = client.job(jobId, { location: settings.location });
    const { maximumBytesBilled, timeoutSeconds } = settings;
    try {
      const request = {
        ...this.#request(operation, query),
        jobId,
        jobTimeoutMs: timeoutSeconds * 1000,
        ...(maximumBytesBilled === null ? {} : { maximumBytesBilled: String(maximumBytesBilled) }),
      };
      await this.#try(() => client.createQueryJob(request));
    } catch (error) {
      // The first answer was lost and the client's own retry met the job that it had started: ours, since the id is.
      if (!hasStatus(error, 409)) {
        // It may have started all the same; nobody will read its rows.
        if (!hasStatus(error, 400) && !hasStatus(error, 404)) void cancelQuietly(handle);
        throw storeError(error, maximumBytesBilled);
      }
    }
    if (signal?.aborted) {
      void cancelQuietly(handle);
      throw signal.reason;
    }
    return handle;
  }

  async #try<Result>(request: () => Promise<Result>): Promise<Result> {
    return withinRateLimits(this.options.retryDelayMs, request);
  }

  #request(operation: string, { sql, params, types }: BigQuerySql): object {
    const { settings, currentOrigin } = this.options;
    return {
      query: sql,
      params,
      types,
      location: settings.location,
      labels: jobLabels(operation, currentOrigin()),
    };
  }
}

/** Cancelling is a favour to the bill; the reader has gone whether it works or not. */
async function cancelQuietly(job: Job): Promise<void> {
  await job.cancel().catch(() => undefined);
}
