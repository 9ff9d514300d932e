import type { BigQuery, Job, QueryResultsOptions, QueryRowsResponse } from '@google-cloud/bigquery';
import { AppError } from '../../../errors/app-error.js';
import type { BigQuerySettings } from '../../registry/model.js';
import { raceAbort } from '../../../runtime/race-abort.js';
import type { BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { jobLabels, type QueryOrigin } from './job-labels.js';
import { retryOnRateLimit } from '../../google/bigquery/rate-limits.js';
import { storeError } from './store-error.js';
import { hasStatus } from '../../google/bigquery/api-error.js';

/** A row as the client gives it: INT64 as an object with its digits, BYTES as a Buffer, everything else plain. */
export type ResultRow = Readonly<Record<string, unknown>>;

/** One page: at most so many rows, and the API ends it earlier at 20 MB. Integers keep their digits. */
const FIRST_PAGE = { maxResults: 10_000, wrapIntegers: true, autoPaginate: false };

/** As long as BigQuery lets any query run: for what a job asks, which can be cancelled and at which nobody waits. */
export const MAX_TIMEOUT_SECONDS = 6 * 3600;

export interface QueryJobsOptions {
  readonly client: BigQuery;
  readonly settings: BigQuerySettings;
  /** A new id each time. */
  readonly newId: () => string;
  readonly retryDelayMs: number;
  /** The request that the query is made for. */
  readonly currentOrigin: () => QueryOrigin;
}

export interface QueryRun {
  /** Aborted: the query is cancelled at the server. */
  readonly signal?: AbortSignal | undefined;
  /** How long it may run, if not as long as the settings say; reading its rows is not part of it. */
  readonly timeoutSeconds?: number | undefined;
}

/**
 * Queries as jobs whose ids we choose. The client's shorter way (`query()`, jobs.query) gives the id with the answer, which
 * is too late: with our own id a job can be cancelled at any time, a start whose answer was lost is recognised and not paid
 * twice, and the job is found in INFORMATION_SCHEMA.JOBS by what it was for.
 *
 * A query that nobody waits for any more is cancelled: its reader stopped, its signal was aborted, its time is over, or the
 * store is closed. The reader does not wait for that; close() does, since a request that was not sent when the process
 * ends is sent never.
 */
export class QueryJobs {
  readonly #closing = new AbortController();
  readonly #cancels = new Set<Promise<void>>();

  constructor(private readonly options: QueryJobsOptions) {}

  /** The rows of a query, page by page: one page is in memory. */
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

  /** Cancels what still runs, and waits until BigQuery was told. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError('SHUTTING_DOWN', 'The gateway is stopping. Try another instance.'));
    // Readers learn of it first, and it is they who cancel.
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
        // The first answer was lost and the client's own retry met the job that it had started: ours, since the id is.
        if (!hasStatus(error, 409)) throw error;
      },
    );
    try {
      await raceAbort(stop, started);
      return job;
    } catch (error) {
      // It may have started all the same. What is on its way must arrive first: a job is not cancelled before it is there.
      const wasRefused = hasStatus(error, 400) || hasStatus(error, 404);
      if (!wasRefused) this.#cancel(job, started);
      throw error;
    }
  }

  /** A favour to the bill: the reader has gone, whether it works or not. */
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
