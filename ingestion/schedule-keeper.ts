import { setTimeout as pause } from 'node:timers/promises';
import { LeaseLost, type SchedulesLease } from '../datasources/job-store/job-lease.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import type { JobSchedules } from './job-schedules.js';

export interface ScheduleKeeperOptions {
  readonly store: Pick<JobStore, 'claimSchedules' | 'lookEveryMs'>;
  /** Starts the schedules. `since`: the jobs of scheduled times up to here were started; null: it is not known. */
  readonly startAll: (since: Instant | null) => readonly JobSchedules[];
  readonly clock: Clock;
  /** This gateway began or ceased to keep the schedules. */
  readonly onChange: (isKeeper: boolean) => void;
  /** The store did not answer. It is asked again; this is called once, until it answers. */
  readonly onError: (error: unknown) => void;
}

const LOOKS_PER_TURN = 3;

/**
 * The keeper stores how far it came with this delay: a timer may be late. The next keeper starts the jobs of these
 * seconds again, which does nothing, because the key of a scheduled time is one job.
 */
const KEPT_DELAY_MICROS = 60_000_000n;

/**
 * Keeps the schedules while this gateway has the lease for it. One gateway of several has it at a time. If that gateway
 * dies, the next one makes up for the times in between.
 */
export class ScheduleKeeper {
  readonly #stopping = new AbortController();
  #lease: SchedulesLease | null = null;
  #schedules: readonly JobSchedules[] = [];
  #running: Promise<void> = Promise.resolve();
  #isUnanswered = false;

  constructor(private readonly options: ScheduleKeeperOptions) {}

  async start(): Promise<void> {
    await this.#turn();
    const { lookEveryMs } = this.options.store;
    if (lookEveryMs !== null) this.#running = this.#repeat(lookEveryMs * LOOKS_PER_TURN);
  }

  /** Starts the schedules of another registry. */
  async restart(): Promise<void> {
    await this.#stopSchedules();
    if (this.#lease && !this.#lease.lost.aborted) this.#schedules = this.options.startAll(null);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#stopSchedules();
    // If this fails, the next keeper waits until the lease has expired.
    await this.#lease?.release().catch(() => undefined);
  }

  async #repeat(everyMs: number): Promise<void> {
    const options = { signal: this.#stopping.signal, ref: false };
    while (await pause(everyMs, true, options).catch(() => false)) await this.#turn();
  }

  async #turn(): Promise<void> {
    try {
      if (this.#lease?.lost.aborted) await this.#leave();
      if (this.#lease) await this.#keep(this.#lease);
      else await this.#claim();
      this.#isUnanswered = false;
    } catch (error) {
      if (error instanceof LeaseLost) await this.#leave();
      else if (this.options.store.lookEveryMs === null) throw error;
      else if (!this.#isUnanswered) this.options.onError(error);
      this.#isUnanswered = !(error instanceof LeaseLost);
    }
  }

  async #claim(): Promise<void> {
    const lease = await this.options.store.claimSchedules();
    if (!lease) return;
    this.#lease = lease;
    lease.lost.addEventListener('abort', () => void this.#stopSchedules(), { once: true });
    this.options.onChange(true);
    this.#schedules = this.options.startAll(lease.keptUntil);
  }

  /** Only while no job is about to be started: its time has passed, and its start may fail with this process. */
  async #keep(lease: SchedulesLease): Promise<void> {
    const until = this.options.clock() - KEPT_DELAY_MICROS;
    if (this.#schedules.every(({ isIdle }) => isIdle)) await lease.keep(until);
  }

  async #leave(): Promise<void> {
    this.#lease = null;
    await this.#stopSchedules();
    this.options.onChange(false);
  }

  async #stopSchedules(): Promise<void> {
    const running = this.#schedules;
    this.#schedules = [];
    await Promise.all(running.map((schedules) => schedules.stop()));
  }
}
