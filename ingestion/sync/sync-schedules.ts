import type { Cron } from 'croner';
import type { Instant } from '../../values/instant.js';
import type { FeatureView } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import { createCron, parseSchedule } from '../../datasources/registry/schedule.js';
import { describeOnlineStore } from '../../datasources/registry/store-kinds.js';
import type { FeatureViewSyncs } from '../feature-view-syncs.js';
import { isTerminalState } from '../../datasources/job-store/job-state.js';

/** The principal of scheduled syncs, for budgets and for idempotency keys that no client can use. */
const SCHEDULER = 'schedule';

export interface SyncSchedulesOptions {
  readonly registry: Registry;
  readonly syncs: FeatureViewSyncs;
  /** A sync that was skipped, because the previous one has not ended. */
  readonly onSkip: (view: FeatureView) => void;
  /** A sync that could not be started. */
  readonly onError: (error: unknown, view: FeatureView) => void;
}

/**
 * Starts the syncs of feature views at their scheduled times. Each time has one sync, even when the process restarts
 * within that minute. A time that passed while no gateway ran is made up for at the start, if the view was synced
 * before it.
 */
export class SyncSchedules {
  readonly #crons: readonly Cron[];
  readonly #starting = new Set<Promise<void>>();

  constructor(private readonly options: SyncSchedulesOptions) {
    this.#crons = options.registry.featurestores
      .filter(({ onlineSettings }) => describeOnlineStore(onlineSettings).syncedBy === 'GATEWAY')
      .flatMap(({ featureViews }) => featureViews)
      .flatMap((view) => (view.schedule === null ? [] : [this.#schedule(view, view.schedule)]));
  }

  /** Starts no further sync; the job engine owns the running ones. */
  async stop(): Promise<void> {
    for (const cron of this.#crons) cron.stop();
    await Promise.all(this.#starting);
  }

  #schedule(view: FeatureView, schedule: string): Cron {
    const cron = createCron(parseSchedule(schedule), {}, (fired) =>
      this.#begin(view, this.#sync(view, findLastRunTime(fired))),
    );
    this.#begin(view, this.#catchUp(view, findLastRunTime(cron)));
    return cron;
  }

  #begin(view: FeatureView, start: Promise<void>): void {
    const started = start
      .catch((error: unknown) => this.options.onError(error, view))
      .finally(() => this.#starting.delete(started));
    this.#starting.add(started);
  }

  async #catchUp(view: FeatureView, time: Instant | null): Promise<void> {
    const [newest] = await this.options.syncs.list(view, { before: null, limit: 1 });
    if (time !== null && newest && newest.createdAt < time) await this.#sync(view, time);
  }

  async #sync(view: FeatureView, time: Instant | null): Promise<void> {
    const { syncs, onSkip } = this.options;
    const [newest] = await syncs.list(view, { before: null, limit: 1 });
    if (newest && !isTerminalState(newest.state)) {
      onSkip(view);
      return;
    }
    const idempotencyKey = `${view.entityType.featurestore.name}/${view.name} ${time}`;
    await syncs.start({ view, labels: {}, trigger: 'SCHEDULE', createdBy: SCHEDULER, idempotencyKey });
  }
}

/** The last scheduled time up to now; null before the first. */
function findLastRunTime(cron: Cron): Instant | null {
  const [time] = cron.previousRuns(1, new Date(Date.now() + 1));
  return time ? BigInt(time.getTime()) * 1000n : null;
}
