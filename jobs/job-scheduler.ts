import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { StopReason } from './job-handler.js';
import { ProgressMeter } from './progress-meter.js';

/** One run of a job in this process. */
export interface JobRun {
  /** Asks the run to end, with a StopReason. */
  readonly abort: AbortController;
  /** Aborts when the process ends. */
  readonly stopping: AbortSignal;
  readonly meter: ProgressMeter;
}

export interface JobSchedulerOptions {
  /** The maximum number of concurrent jobs on this machine; the others wait. */
  readonly maxRunning: number;
  /**
   * Whether an external service does the job and this process only watches it: such a job does not count as running.
   */
  readonly isRemote: (job: JobRecord) => boolean;
  readonly run: (id: string, run: JobRun) => Promise<void>;
  /** A run failed and could not store its failure. The job stays for the next process. */
  readonly onError: (error: unknown, job: JobRecord) => void;
}

interface RunningJob {
  readonly abort: AbortController;
  readonly meter: ProgressMeter;
  readonly done: Promise<void>;
  readonly isRemote: boolean;
}

/** Schedules jobs: in the order of arrival, up to the maximum at a time, each of them once. */
export class JobScheduler {
  readonly #running = new Map<string, RunningJob>();
  readonly #queue: JobRecord[] = [];
  readonly #stopping = new AbortController();

  constructor(private readonly options: JobSchedulerOptions) {}

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  isRunning(id: string): boolean {
    return this.#running.has(id);
  }

  get runningIds(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** undefined for a job that does not run here. */
  meter(id: string): ProgressMeter | undefined {
    return this.#running.get(id)?.meter;
  }

  /** A job is queued or runs once, also when `resume` finds a job that started a moment ago. */
  add(job: JobRecord): void {
    if (this.#running.has(job.id) || this.#queue.some(({ id }) => id === job.id)) return;
    this.#queue.push(job);
    this.#startNext();
  }

  /**
   * Asks a running job to end. A waiting job starts at once, because ending is too quick to wait in the queue for it.
   */
  cancel(id: string): void {
    this.#running.get(id)?.abort.abort('cancel' satisfies StopReason);
    const waiting = this.#queue.findIndex((queued) => queued.id === id);
    if (waiting < 0 || this.isStopping) return;
    for (const queued of this.#queue.splice(waiting, 1)) this.#begin(queued);
  }

  /** Starts no further run; resolves when all runs have ended. */
  async stop(): Promise<void> {
    this.#queue.length = 0;
    this.#stopping.abort('stop' satisfies StopReason);
    for (const { abort } of this.#running.values()) abort.abort('stop' satisfies StopReason);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #startNext(): void {
    const { maxRunning, isRemote } = this.options;
    while (!this.isStopping) {
      const isFull = [...this.#running.values()].filter((run) => !run.isRemote).length >= maxRunning;
      const next = isFull ? this.#queue.findIndex(isRemote) : 0;
      const [job] = next < 0 ? [] : this.#queue.splice(next, 1);
      if (!job) return;
      this.#begin(job);
    }
  }

  #begin(job: JobRecord): void {
    const abort = new AbortController();
    const meter = new ProgressMeter();
    const { run, onError, isRemote } = this.options;
    const done = run(job.id, { abort, meter, stopping: this.#stopping.signal })
      .catch((error: unknown) => onError(error, job))
      .finally(() => {
        this.#running.delete(job.id);
        this.#startNext();
      });
    this.#running.set(job.id, { abort, meter, done, isRemote: isRemote(job) });
  }
}
