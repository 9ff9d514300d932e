import type { BigQuery, Job, QueryResultsOptions, QueryRowsResponse } from '@google-cloud/bigquery';
import { AppError } from '../../../errors/app-error.js';
import type { BigQuerySettings } from '../../registry/model.js';
import { raceAbort } from '../../../runtime/race-abort.js';
import type { BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import type { AdmittedQuery, QueryPayer } from '../query-payer.js';
import { billedBytes, minimumBilledBytes } from './billed-bytes.js';
import { jobLabels, type QueryOrigin } from './job-labels.js';
import { readBilledBytes } from './read-billed-bytes.js';
import { retryOnRateLimit } from '../../google/bigquery/rate-limits.js';
import { storeError } from './store-error.js';
import { hasStatus, readErrorReasons } from '../../google/bigquery/api-error.js';

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
  /** Absent: the operator pays. */
  readonly payer?: QueryPayer | undefined;
  /** The number of tables that the query reads, each of which is billed a minimum. Absent: one. */
  readonly tables?: number | undefined;
}

/**
 * Runs queries as jobs with ids of our choice. The client's shorter way (`query()`, jobs.query) returns the id with the
 * result, which is too late. With our own id, we can cancel a job at any time, recognize a start whose response was
 * lost and not pay twice, and find the purpose of a job in INFORMATION_SCHEMA.JOBS.
 *
 * A query is cancelled when its reader stops, its signal aborts, its time is over or the store closes. The reader does
 * not wait for the cancellation, nor until its payer has learned what BigQuery billed; close() does, because requests
 * that are unsent when the process ends are lost.
 */
export class QueryJobs {
  readonly #closing = new AbortController();
  readonly #unfinished = new Set<Promise<void>>();

  constructor(private readonly options: QueryJobsOptions) {}

  /** Reads the rows of a query page by page: one page is in memory at a time. */
  async *pages(operation: string, query: BigQuerySql, run: QueryRun = {}): AsyncGenerator<ResultRow[]> {
    try {
      yield* this.#pages(operation, query, run, undefined);
    } catch (error) {
      if (!(error instanceof PartExceeded)) throw error;
      // The part is free again before more is asked for.
      await error.settled;
      const estimated = billedBytes(await this.estimateBytes(operation, query), run.tables ?? 1);
      yield* this.#pages(operation, query, run, estimated);
    }
  }

  async *#pages(
    operation: string,
    query: BigQuerySql,
    run: QueryRun,
    estimatedBytes: bigint | undefined,
  ): AsyncGenerator<ResultRow[]> {
    const { project, location, timeoutSeconds: usualSeconds } = this.options.settings;
    const { signal, timeoutSeconds = usualSeconds, payer, tables = 1 } = run;
    const id = `featuregraph_${operation}_${this.options.newId()}`;
    // Before anything else: a refused read starts no job, and the payer knows the id of one that starts.
    const admitted = await payer?.admit({
      query: { project, location, id },
      location,
      minimumBytes: minimumBilledBytes(tables),
      estimatedBytes,
    });
    const overdue = new AbortController();
    const stop = AbortSignal.any([overdue.signal, this.#closing.signal, ...(signal ? [signal] : [])]);
    const timer = setTimeout(() => overdue.abort(toTimeoutError(timeoutSeconds)), timeoutSeconds * 1000);
    const job = this.options.client.job(id, { location });
    const ends: Promise<void>[] = [];
    const settled = Promise.withResolvers<undefined>();
    try {
      await this.#start(job, this.#request(operation, query), { stop, timeoutSeconds, admitted, ends });
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
        if (isRunning) ends.push(this.#cancel(job));
      }
    } catch (error) {
      if (stop.aborted) throw stop.reason;
      const { maximumBytesBilled } = this.options.settings;
      if (admitted && isPayerExceeded(error, admitted, maximumBytesBilled)) {
        throw admitted.isPart ? new PartExceeded(settled.promise) : await admitted.refusal(error);
      }
      throw storeError(error, maximumBytesBilled);
    } finally {
      clearTimeout(timer);
      if (admitted) this.#keep(this.#settle(job, admitted, ends).finally(() => settled.resolve(undefined)));
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

  /** Cancels all running queries and waits until BigQuery has received the cancellations, and payers the bills. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError('SHUTTING_DOWN', 'The gateway is stopping. Try another instance.'));
    // First ends the readers: each reader cancels its own query.
    await new Promise(setImmediate);
    await Promise.all(this.#unfinished);
  }

  async #start(job: Job, request: object, { stop, timeoutSeconds, admitted, ends }: QueryStart): Promise<void> {
    const { client, settings } = this.options;
    stop.throwIfAborted();
    const maximum = leastMaximum(settings.maximumBytesBilled, admitted?.maximumBytes);
    const configuration = {
      ...request,
      jobId: job.id!,
      jobTimeoutMs: timeoutSeconds * 1000,
      ...(maximum === null ? {} : { maximumBytesBilled: String(maximum) }),
    };
    const started = this.#try(() => client.createQueryJob(configuration)).then(
      () => undefined,
      (error: unknown) => {
        // The first response was lost and the client's own retry found the job that it had started. The id proves that
        // the job is ours.
        if (!hasStatus(error, 409)) throw error;
      },
    );
    try {
      await raceAbort(stop, started);
    } catch (error) {
      // The job may have started all the same. Wait for the request first: a job that does not exist yet cannot be
      // cancelled.
      const wasRefused = hasStatus(error, 400) || hasStatus(error, 404);
      if (!wasRefused) ends.push(this.#cancel(job, started));
      throw error;
    }
  }

  /** Cancellation only saves money: the reader has gone, whether it succeeds or not. */
  #cancel(job: Job, afterwards: Promise<unknown> = Promise.resolve()): Promise<void> {
    const cancelled = afterwards
      .catch(() => undefined)
      .then(() => this.#try(() => job.cancel()))
      .then(
        () => undefined,
        () => undefined,
      );
    this.#keep(cancelled);
    return cancelled;
  }

  /** Tells the payer what BigQuery's statistics of the job say. A cancelled query is billed for what it did. */
  async #settle(job: Job, admitted: AdmittedQuery, ends: readonly Promise<void>[]): Promise<void> {
    await Promise.all(ends);
    await admitted.settle(await readBilledBytes(job, this.options.retryDelayMs));
  }

  #keep(work: Promise<void>): void {
    const kept = work.finally(() => this.#unfinished.delete(kept));
    this.#unfinished.add(kept);
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

/** BigQuery refused a query because it may be billed more than the part of its payer's money that was set aside for it. */
class PartExceeded extends Error {
  constructor(
    /** Resolves when that part is free again. */
    readonly settled: Promise<undefined>,
  ) {
    super('the query may be billed more than the part that was set aside for it');
  }
}

interface QueryStart {
  readonly stop: AbortSignal;
  readonly timeoutSeconds: number;
  readonly admitted: AdmittedQuery | undefined;
  /** Receives the cancellation of a query whose start got no answer. */
  readonly ends: Promise<void>[];
}

/** null: no limit. */
function leastMaximum(ofStore: number | null, ofPayer: bigint | null | undefined): bigint | null {
  const store = ofStore === null ? null : BigInt(ofStore);
  if (ofPayer == null || (store !== null && store <= ofPayer)) return store;
  return ofPayer;
}

/** Whether BigQuery refused a query for the limit of its payer, and not for that of the store. */
function isPayerExceeded(error: unknown, { maximumBytes }: AdmittedQuery, ofStore: number | null): boolean {
  if (maximumBytes === null || leastMaximum(ofStore, maximumBytes) !== maximumBytes) return false;
  return readErrorReasons(error).includes('bytesBilledLimitExceeded');
}

function toTimeoutError(seconds: number): AppError {
  return new AppError(
    'STORE_UNAVAILABLE',
    `The offline store did not answer within ${seconds} seconds. Try again, or ask for less.`,
  );
}
