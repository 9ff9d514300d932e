import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { Monitor } from '../datasources/registry/model.js';
import { leavableIterator } from '../runtime/leavable-iterator.js';
import { pause } from '../runtime/pause.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import { monitorTarget } from './monitor-run-job.js';
import { isCurrentRun, type MonitorRunFilter, type MonitorRunRecord } from './monitors.js';

/** Runs of other gateways are known from the store alone, which tells of no change: it is read this often. */
const LOOK_MS = 1_000;
/** Of one monitor. A run that ends after as many later ones is not seen. */
const MAX_LOOKED_AT = 50;

/** Follows the runs of monitors to their ends. However many follow a monitor, the store is read once a second. */
export class EndedRuns {
  readonly #looks = new Map<string, Promise<readonly MonitorRunRecord[]>>();

  /** `list` gives the newest runs of a monitor, newest first. */
  constructor(private readonly list: (monitor: Monitor, limit: number) => Promise<readonly MonitorRunRecord[]>) {}

  /** The newest run that has ended, then each that ends. Runs of a past moment are left out. */
  follow(
    monitor: Monitor,
    { isVisible = () => true }: MonitorRunFilter,
  ): AsyncIterableIterator<MonitorRunRecord, undefined> {
    return leavableIterator((left) => this.#follow(monitor, isVisible, left));
  }

  async *#follow(
    monitor: Monitor,
    isVisible: NonNullable<MonitorRunFilter['isVisible']>,
    left: AbortSignal,
  ): AsyncGenerator<MonitorRunRecord, undefined, undefined> {
    let seen: ReadonlySet<string> | null = null;
    while (!left.aborted) {
      const runs = await retryOnOutage(left, () => this.#look(monitor)).catch((error: unknown) => {
        if (left.aborted) return [];
        throw error;
      });
      const ended = runs.filter((run) => isCurrentRun(run) && isTerminalState(run.state) && isVisible(run));
      const known: ReadonlySet<string> | null = seen;
      yield* known === null ? ended.slice(0, 1) : ended.filter(({ id }) => !known.has(id)).toReversed();
      seen = new Set(ended.map(({ id }) => id));
      await pause(LOOK_MS, left);
    }
    return undefined;
  }

  #look(monitor: Monitor): Promise<readonly MonitorRunRecord[]> {
    const target = monitorTarget(monitor);
    const current = this.#looks.get(target);
    if (current) return current;
    const look = this.list(monitor, MAX_LOOKED_AT);
    this.#looks.set(target, look);
    setTimeout(() => this.#looks.delete(target), LOOK_MS).unref();
    return look;
  }
}
