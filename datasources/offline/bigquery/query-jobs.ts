import type { BigQuery, Job, QueryResultsOptions, QueryRowsResponse } from '@google-cloud/bigquery';
import { AppError } from '../../../errors/app-error.js';
import type { BigQuerySettings } from '../../registry/model.js';
import { raceAbort } from '../../../runtime/race-abort.js';
import type { BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { jobLabels, type QueryOrigin } from './job-labels.js';
import { retryOnRateLimit } from '../../google/bigquery/rate-limits.js';
import { storeError } from './store-error.js';
import { hasStatus } from '../../google/bigquery/api-error.js';

/**
 * A row as the client returns it: INT64 as an object with its digits, BYTES as a Buffer, everything else as plain
 * values.
 */
export type ResultRow = Readonly<Record<string, unknown>>;

/** The maximum rows of one page; the API also ends a page at 20 MB. Integers retain all digits. */
const FIRST_PAGE = { maxResults: 10_000, wrapIntegers: true, autoPaginate: false };

/**
 * The longest time that BigQuery allows a query. It applies to queries of jobs: a job can be cancelled, and no client
 * waits for its query.
 */
export const MAX_TIMEOUT_SECONDS = 6 * 3600;

export interface QueryJobsOptions {
  readonly client: BigQuery;
  readonly settings: BigQuerySettings;
  /** Returns a new id each time. */
  readonly newId: () => string;
  readonly retryDelayMs: number;
  /** The request that the query runs for. */
  readonly currentOrigin: () => QueryOrigin;
}

export interface QueryRun {
  /** When this signal aborts, the query is cancelled at the server. */
  readonly signal?: AbortSignal | undefined;
  /** The maximum run time, where it differs from the settings; it excludes reading the rows. */
  readonly timeoutSeconds?: number | undefined;
}

/**
 * Runs queries as jobs with ids of our choice. The client's shorter way (`query()`, jobs.query) returns the id with the
 * result, which is too late. With our own id, we can cancel a job at any time, recognize a start whose response was
 * lost and not pay twice, and find the purpose of a job in INFORMATION_SCHEMA.JOBS.
 *
 * A query is cancelled when its reader stops, its signal aborts, its time is over or the store closes. The reader does
 * not wait for the cancellation; close() does, because requests that are unsent when the process ends are lost.
 */
export class QueryJobs {
  readonly #closing = new AbortController();
  readonly #cancels = new Set<Promise<void>>();

  constructor(private readonly options: QueryJobsOptions) {}

  /** Reads the rows of a query page by page: one page is in memory at a time. */
  async *pages(operation: string, query: BigQuerySql, run: QueryRun = {}): AsyncGenerator<ResultRow[]> {
    const { signal, timeoutSeconds = this.options.settings.timeoutSeconds } = run;
    const overdue = new AbortController();
    const stop = AbortSignal.any([overdue.signal, this.#closing.signal, ...(signal ? [signal] : [])]);
    const timer = setTimeout(() => overdue.abort(toTimeoutError(timeoutSeconds)), timeoutSeconds * 1000);
    try {
      const job = await this.#start(operation, query, stop, timeoutSeconds);
      let isRunning = true;
      try {
        let page: QueryResultsOptions | null | undefined = FIRST_PAGE;
        while (page) {
          const asked: QueryResultsOptions = page;
          const answered = this.#try(() => job.getQueryResults(asked));
          const [rows, next, answer]: QueryRowsResponse = await raceAbort(stop, answered);
          isRunning = answer?.jobComplete === false;
          if (!isRunning) clearTimeout(timer);
          if (rows.length > 0) yield rows as ResultRow[];
          page = next;
        }
      } finally {
        if (isRunning) this.#cancel(job);
      }
    } catch (error) {
      if (stop.aborted) throw stop.reason;
      throw storeError(error, this.options.settings.maximumBytesBilled);
    } finally {
      clearTimeout(timer);
    }
  }

  async rows(operation: string, query: BigQuerySql, run: QueryRun = {}): Promise<ResultRow[]> {
    const rows: ResultRow[] = [];
    for await (const page of this.pages(operation, query, run)) rows.push(...page);
    return rows;
  }

  /** The bytes that a query would read: an upper bound for clustered tables. BigQuery runs and bills nothing. */
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

  /** Cancels all running queries and waits until BigQuery has received the cancellations. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError('SHUTTING_DOWN', 'The gateway is stopping. Try another instance.'));
    // First ends the readers: each reader cancels its own query.
    await new Promise(setImmediate);
    await Promise.all(this.#cancels);
  }

  async #start(operation: string, query: BigQuerySql, stop: AbortSignal, timeoutSeconds: number): Promise<Job> {
    const { client, settings, newId } = this.options;
    stop.throwIfAborted();
    const jobId = `featuregraph_${operation}_${newId()}`;
    const job = client.job(jobId, { location: settings.location });
    const { maximumBytesBilled } = settings;
    const request = {
      ...this.#request(operation, query),
      jobId,
      jobTimeoutMs: timeoutSeconds * 1000,
      ...(maximumBytesBilled === null ? {} : { maximumBytesBilled: String(maximumBytesBilled) }),
    };
    const started = this.#try(() => client.createQueryJob(request)).then(
      () => undefined,
      (error: unknown) => {
        // The first response was lost and the client's own retry found the job that it had started. The id proves that
        // the job is ours.
        if (!hasStatus(error, 409)) throw error;
      },
    );
    try {
      await raceAbort(stop, started);
      return job;
    } catch (error) {
      // The job may have started all the same. Wait for the request first: a job that does not exist yet cannot be
      // cancelled.
      const wasRefused = hasStatus(error, 400) || hasStatus(error, 404);
      if (!wasRefused) this.#cancel(job, started);
      throw error;
    }
  }

  /** Cancellation only saves money: the reader has gone, whether it succeeds or not. */
  #cancel(job: Job, afterwards: Promise<unknown> = Promise.resolve()): void {
    const cancelled = afterwards
      .catch(() => undefined)
      .then(() => this.#try(() => job.cancel()))
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#cancels.delete(cancelled));
    this.#cancels.add(cancelled);
  }

  async #try<Result>(request: () => Promise<Result>): Promise<Result> {
    return retryOnRateLimit(this.options.retryDelayMs, request);
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

function toTimeoutError(seconds: number): AppError {
  return new AppError(
    'STORE_UNAVAILABLE',
    `The offline store did not answer within ${seconds} seconds. Try again, or ask for less.`,
  );
}
