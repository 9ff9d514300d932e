import { AppError } from '../../errors/app-error.js';
import type { Clock } from '../../values/clock.js';
import type { JobControl, JobOutcome, JobRunner, StopReason } from './job-runner.js';
import type { JobQuery, JobStore } from './job-store.js';
import { isEndState, mayFollow } from './job-transitions.js';
import { JobWatch } from './job-watch.js';
import { JobFailure, NO_PROGRESS, type JobKind, type JobRecord, type JobState } from './job.js';
import { ProgressMeter, type ProgressRate } from './progress-rate.js';

export interface JobEngineOptions {
  readonly store: JobStore;
  readonly runners: readonly JobRunner[];
  readonly clock: Clock;
  /** Ids that sort by time. */
  readonly newId: () => string;
  /** How many jobs run at once; the others stay QUEUED. */
  readonly maxRunning: number;
  readonly onError: (error: unknown, job: JobRecord) => void;
}

export interface JobRequest {
  readonly kind: JobKind;
  readonly spec: unknown;
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string | null;
  readonly idempotencyKey: string | null;
}

/** A job taken up this often without getting any further is given up: it may be what ends the process. */
const MAX_ATTEMPTS = 5;

interface Running {
  readonly abort: AbortController;
  readonly meter: ProgressMeter;
  readonly done: Promise<void>;
}

/**
 * Runs jobs and keeps their records. Every step that others may rely on is durable before it is told: a start, a state, a
 * checkpoint. After a crash `resume` takes up what had not ended; a job ends once, whatever happens in between.
 */
export class JobEngine {
  readonly #options: JobEngineOptions;
  readonly #runners: ReadonlyMap<JobKind, JobRunner>;
  readonly #watches = new Map<string, JobWatch>();
  readonly #running = new Map<string, Running>();
  readonly #queue: string[] = [];
  #isStopping = false;

  constructor(options: JobEngineOptions) {
    this.#options = options;
    this.#runners = new Map(options.runners.map((runner) => [runner.kind, runner]));
  }

  /** Keeps a new job and gives its record; with an idempotency key used before, that of the job of that time. */
  async start({ kind, spec, displayName, labels, createdBy, idempotencyKey }: JobRequest): Promise<JobRecord> {
    const { store, clock, newId } = this.#options;
    const record: JobRecord = {
      id: newId(),
      kind,
      state: 'QUEUED',
      displayName,
      labels,
      createdBy,
      createdAt: clock(),
      startedAt: null,
      endedAt: null,
      progress: NO_PROGRESS,
      error: null,
      spec,
      checkpoint: null,
      result: null,
      attempts: 0,
    };
    const kept = await store.create(record, idempotencyKey === null ? null : `${kind}/${idempotencyKey}`);
    if (kept.id === record.id) this.#enqueue(kept.id);
    return kept;
  }

  /** Takes up all jobs that had not ended when the process did. */
  async resume(): Promise<void> {
    for (const record of await this.#options.store.unfinished()) this.#enqueue(record.id);
  }

  async get(id: string): Promise<JobRecord | undefined> {
    return this.#watches.get(id)?.current ?? this.#options.store.get(id);
  }

  async list(query: JobQuery): Promise<JobRecord[]> {
    const records = await this.#options.store.list(query);
    return records.map((record) => this.#watches.get(record.id)?.current ?? record);
  }

  /** How fast a job goes now; nothing for one that does not run here. */
  rate(record: JobRecord): ProgressRate {
    const none = { ratePerSecond: null, remainingSeconds: null };
    return this.#running.get(record.id)?.meter.rate(record.progress) ?? none;
  }

  /**
   * Asks a job to stop. One that waits ends at once; one that runs becomes CANCELLING and ends as CANCELLED when its
   * runner has put down what there is. Asking again changes nothing; a job that has ended stays as it is.
   */
  async cancel(id: string): Promise<JobRecord> {
    const record = await this.#change(id, (current) => {
      if (isEndState(current.state) || current.state === 'CANCELLING') return current;
      return this.#running.has(id) ? { ...current, state: 'CANCELLING' } : this.#ended(current, 'CANCELLED');
    });
    this.#running.get(id)?.abort.abort('cancel' satisfies StopReason);
    return record;
  }

  /** The job now, then each change, until it ends. */
  async follow(id: string): Promise<AsyncIterableIterator<JobRecord, undefined> | undefined> {
    const record = await this.get(id);
    if (!record) return undefined;
    return this.#watchOf(record).follow();
  }

  /** Ends the work of this process. Jobs stay as they are, to be taken up by the next one. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#queue.length = 0;
    for (const { abort } of this.#running.values()) abort.abort('stop' satisfies StopReason);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    await this.#options.store.close();
  }

  #enqueue(id: string): void {
    this.#queue.push(id);
    this.#startNext();
  }

  #startNext(): void {
    while (!this.#isStopping && this.#running.size < this.#options.maxRunning) {
      const id = this.#queue.shift();
      if (id === undefined) return;
      const abort = new AbortController();
      const meter = new ProgressMeter();
      const done = this.#run(id, abort, meter).finally(() => {
        this.#running.delete(id);
        this.#startNext();
      });
      this.#running.set(id, { abort, meter, done });
    }
  }

  async #run(id: string, abort: AbortController, meter: ProgressMeter): Promise<void> {
    const record = await this.#takeUp(id);
    if (!record || isEndState(record.state)) return;
    const runner = this.#runners.get(record.kind);
    try {
      if (!runner) throw new JobFailure('UNKNOWN_KIND', `This gateway does not run jobs of kind ${record.kind}.`);
      const outcome = await runner.run(record, this.#control(id, abort.signal, meter));
      await this.#finish(id, outcome);
    } catch (error) {
      if (abort.signal.aborted && abort.signal.reason === 'stop') return;
      await this.#fail(id, error);
    }
  }

  /** Counts the attempt durably before any work is done, since it may be this work that ends the process. */
  async #takeUp(id: string): Promise<JobRecord | undefined> {
    const stored = await this.#options.store.get(id);
    if (!stored || isEndState(stored.state)) return undefined;
    this.#watchOf(stored);
    return this.#change(id, (current) => {
      if (current.state === 'CANCELLING') return this.#ended(current, 'CANCELLED');
      if (current.attempts >= MAX_ATTEMPTS) {
        const message = `The work was taken up ${MAX_ATTEMPTS} times and ended the process each time, or never got further.`;
        return { ...this.#ended(current, 'FAILED'), error: { code: 'GIVEN_UP', message } };
      }
      const state = current.state === 'QUEUED' ? 'PENDING' : current.state;
      return {
        ...current,
        state,
        startedAt: current.startedAt ?? this.#options.clock(),
        attempts: current.attempts + 1,
      };
    });
  }

  #control(id: string, signal: AbortSignal, meter: ProgressMeter): JobControl {
    const { clock } = this.#options;
    return {
      signal,
      running: async (total) => {
        const { progress } = await this.#change(id, (current) => ({
          ...current,
          state: current.state === 'PENDING' ? 'RUNNING' : current.state,
          progress: { ...current.progress, total },
        }));
        meter.add(progress, clock());
      },
      state: async (state, total) => {
        if (isEndState(state)) return;
        await this.#change(id, (current) => ({ ...current, state, progress: { ...current.progress, total } }));
      },
      report: (progress) => {
        meter.add(progress, clock());
        const watch = this.#watches.get(id);
        watch?.publish({ ...watch.current, progress });
      },
      checkpoint: async (checkpoint, progress) => {
        meter.add(progress, clock());
        await this.#change(id, (current) => ({ ...current, checkpoint, progress, attempts: 0 }));
      },
    };
  }

  async #finish(id: string, { state, result, progress }: JobOutcome): Promise<void> {
    await this.#change(id, (current) => ({ ...this.#ended(current, state), result, progress }));
  }

  async #fail(id: string, error: unknown): Promise<void> {
    const failure =
      error instanceof JobFailure
        ? { code: error.code, message: error.message }
        : error instanceof AppError
          ? { code: error.code, message: error.message }
          : {
              code: 'INTERNAL',
              message: 'The gateway failed to do this job. Its log has the cause under the job’s id.',
            };
    const record = await this.#change(id, (current) => ({ ...this.#ended(current, 'FAILED'), error: failure }));
    if (failure.code === 'INTERNAL') this.#options.onError(error, record);
  }

  #ended(record: JobRecord, state: JobState): JobRecord {
    return { ...record, state, endedAt: this.#options.clock() };
  }

  /** Changes a record durably, by legal transitions only, and tells the watchers. */
  async #change(id: string, change: (record: JobRecord) => JobRecord): Promise<JobRecord> {
    const record = await this.#options.store.update(id, (current) => {
      const next = change(current);
      if (next.state !== current.state && !mayFollow(current.state, next.state)) return current;
      return next;
    });
    this.#watches.get(id)?.publish(record);
    if (isEndState(record.state)) this.#watches.delete(id);
    return record;
  }

  /** The one watch of a job; one that has ended needs none to be kept. */
  #watchOf(record: JobRecord): JobWatch {
    const watch = this.#watches.get(record.id) ?? new JobWatch(record);
    if (!isEndState(record.state)) this.#watches.set(record.id, watch);
    return watch;
  }
}
