import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { BilledQueries } from '../datasources/offline/billed-queries.js';
import type { QueryPayer } from '../datasources/offline/query-payer.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { JobQuery, JobStore } from '../datasources/job-store/job-store.js';
import { AppError, badInput } from '../errors/app-error.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import type { Accounting } from './accounting.js';
import { AttemptRunner } from './attempt-runner.js';
import { endJob } from './attempts.js';
import type { JobHandler } from './job-handler.js';
import { JobHandlers } from './job-handlers.js';
import { JobPayer } from './job-payer.js';
import { JobRecords, type OnJobEnd } from './job-records.js';
import type { CostTerms, JobRequest } from './job-request.js';
import { JobScheduler } from './job-scheduler.js';
import { SharedJobs } from './shared-jobs.js';
import { JobStarter } from './job-starter.js';
import type { JobType } from './job-type.js';
import type { AdoptedJob } from './new-job.js';
import type { ProgressRate } from './progress-meter.js';

export interface JobEngineOptions {
  readonly store: JobStore;
  readonly handlers: readonly JobHandler[];
  readonly clock: Clock;
  /** Creates ids that sort by time: the current time or a given one. */
  readonly newId: (at?: Instant) => string;
  /** The maximum number of concurrent jobs on this machine; the others stay QUEUED. */
  readonly maxRunning: number;
  /** Absent: jobs cost nothing. */
  readonly accounting?: Accounting;
  /** How often the cost of a running job that has a limit is looked at. Absent: every second. */
  readonly costLookMs?: number;
  /** Finds the bills of queries whose process ended. Absent: no job has such queries. */
  readonly billedQueries?: BilledQueries;
  /** Receives errors beside a job: its cost cannot be charged, or its record cannot be stored. */
  readonly onError: (error: unknown, job: JobRecord) => void;
  /** Receives each job whose work begins in this process, at each attempt, after that is durable. */
  readonly onBegin?: (job: JobRecord) => void;
  readonly onEnd?: OnJobEnd;
  /** The store that several processes share did not answer. Absent: it is not reported. */
  readonly onStoreError?: (error: unknown) => void;
}

/** A second of ten a3-highgpu-8g, at some $100 an hour each, is 28 cents. A look only multiplies. */
const COST_LOOK_MS = 1000;

/**
 * Runs jobs and stores their records. Every step is durable before it is reported: a start, a state, a checkpoint.
 * After a crash, `resume` continues the unfinished jobs. A job ends once, whatever happens in between.
 */
export class JobEngine {
  readonly #options: JobEngineOptions;
  readonly #handlers: JobHandlers;
  readonly #starter: JobStarter;
  readonly #records: JobRecords;
  readonly #scheduler: JobScheduler;
  readonly #shared: SharedJobs;

  constructor(options: JobEngineOptions) {
    this.#options = options;
    const { store, clock, accounting, maxRunning, onError, onBegin, onEnd } = options;
    const handlers = new JobHandlers(options.handlers);
    const replicaHours = (job: JobRecord): number | null => handlers.replicaHours(job, clock());
    const records = new JobRecords({ store, accounting, replicaHours, onError, onEnd });
    const { costLookMs = COST_LOOK_MS, billedQueries } = options;
    const attempts = new AttemptRunner({
      store,
      records,
      handlers,
      clock,
      accounting,
      billedQueries,
      costLookMs,
      onBegin,
    });
    this.#handlers = handlers;
    this.#records = records;
    this.#starter = new JobStarter(options);
    this.#scheduler = new JobScheduler({
      maxRunning,
      isRemote: (job) => handlers.isRemote(job),
      run: (id, run) => attempts.run(id, run),
      onError,
    });
    this.#shared = new SharedJobs({
      store,
      records,
      handlers,
      scheduler: this.#scheduler,
      onError: options.onStoreError ?? (() => undefined),
    });
  }

  /** Stores a new job and returns its record; with a used idempotency key, returns the job that the key started. */
  async start<Request extends JobRequest, Spec, Checkpoint, Result>(
    handler: JobHandler<Request, Spec, Checkpoint, Result>,
    request: Request,
  ): Promise<JobRecord<Spec, Checkpoint, Result>> {
    if (this.#scheduler.isStopping) {
      throw new AppError('SHUTTING_DOWN', 'The gateway is stopping. Try another instance.');
    }
    if (!this.#handlers.has(handler)) throw new Error(`the engine was not given the handler ${handler.type.handler}`);
    const { boundToMachine } = handler;
    if (boundToMachine && this.#options.store.lookEveryMs !== null) {
      throw badInput(boundToMachine.message, boundToMachine.field);
    }
    const { record, isNew } = await this.#starter.start(handler, request);
    if (isNew) this.#scheduler.add(record);
    return handler.type.read(isNew ? record : this.#records.current(record));
  }

  /** Stores work that began outside the gateway as a job with its original time, once, and watches it to its end. */
  async adopt<Spec, Checkpoint, Result>(
    type: JobType<Spec, Checkpoint, Result>,
    job: AdoptedJob<Spec, Checkpoint, Result>,
  ): Promise<JobRecord<Spec, Checkpoint, Result>> {
    const record = await this.#starter.adopt(type, job);
    if (!isTerminalState(record.state)) this.#scheduler.add(record);
    return type.read(this.#records.current(record));
  }

  /**
   * Does work immediately, without a record, under the rules of a job: the same budgets admit it. It is charged what its
   * queries were billed, or its estimate where that is unknown. Work that fails costs what was billed up to then.
   */
  async runAtOnce<Result>(
    work: () => Promise<JobWork>,
    terms: CostTerms,
    run: (payer: QueryPayer | undefined) => Promise<Result>,
  ): Promise<Result> {
    const { accounting } = this.#options;
    if (!accounting) return run(undefined);
    let cost = await accounting.admitAtOnce(await work(), terms);
    const payer = new JobPayer({
      accounting,
      cost: () => cost,
      begin: (query) => accounting.begin(cost, query),
      end: async (_query, bytes) => void (cost = { ...cost, billedBytes: (cost.billedBytes ?? 0n) + bytes }),
      onExcess: async () => undefined,
    });
    const result = await run(payer).catch(async (error: unknown) => {
      await payer.settled();
      await (cost.billedBytes ? accounting.charge(cost) : accounting.release(cost));
      throw error;
    });
    await payer.settled();
    await accounting.charge(cost);
    return result;
  }

  /**
   * Resumes all jobs that were unfinished when their process ended. If several processes share the store, this process
   * goes on to look for such jobs.
   */
  async resume(): Promise<void> {
    await this.#shared.takeUnclaimed();
    const { lookEveryMs } = this.#options.store;
    if (lookEveryMs !== null) this.#shared.start(lookEveryMs);
  }

  async get(id: string): Promise<JobRecord | undefined> {
    return this.#records.get(id);
  }

  async list(query: JobQuery): Promise<JobRecord[]> {
    return this.#records.list(query);
  }

  /** The current speed of a job; undefined for a job that does not run here. */
  rate({ id, progress }: JobRecord): ProgressRate {
    const none = { ratePerSecond: null, remainingSeconds: null };
    return this.#scheduler.meter(id)?.rate(progress, this.#options.clock()) ?? none;
  }

  /** The hours of all replicas that a job has used so far, or in all; null when unknown. */
  replicaHours(job: JobRecord): number | null {
    return this.#handlers.replicaHours(job, this.#options.clock());
  }

  /**
   * Asks a job to stop. A job that never ran ends at once. Any other becomes CANCELLING, and ends as CANCELLED after
   * its handler has stored the partial result. A repeated call changes nothing; a job that has ended does not change.
   */
  async cancel(id: string): Promise<JobRecord> {
    if (!(await this.get(id))) throw new AppError('JOB_NOT_FOUND', `There is no job "${id}".`, { field: 'id' });
    const record = await this.#records.change(id, (current) => {
      if (isTerminalState(current.state)) return current;
      const hasRun = current.startedAt !== null || this.#scheduler.isRunning(id);
      return hasRun ? { ...current, state: 'CANCELLING' } : endJob(current, 'CANCELLED', this.#options.clock());
    });
    this.#scheduler.cancel(id);
    return record;
  }

  /** The job now, then each change, until it ends. */
  async follow(id: string): Promise<AsyncIterableIterator<JobRecord, undefined> | undefined> {
    const record = await this.get(id);
    if (!record) return undefined;
    return this.#records.ensureWatch(record).follow();
  }

  /** Stops the work of this process. Jobs stay unchanged for the next process, or for another one. */
  async stop(): Promise<void> {
    await Promise.all([this.#shared.stop(), this.#scheduler.stop()]);
    await this.#options.store.close();
  }
}
