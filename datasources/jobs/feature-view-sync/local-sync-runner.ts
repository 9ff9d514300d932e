import type { Instant } from '../../../values/instant.js';
import type { FeatureStores } from '../../feature-stores.js';
import type { OnlineWrite } from '../../online/online-store.js';
import type { FeatureSource, FeatureView } from '../../registry/model.js';
import type { Registry } from '../../registry/registry.js';
import type { FeatureViewSyncJobRecord, FeatureViewSyncResult } from '../feature-view-syncs.js';
import { stopReason, type JobControl, type JobOutcome, type JobRunner } from '../job-runner.js';
import type { JobProgress } from '../job.js';
import { askPatiently } from '../ask-patiently.js';
import { viewOf } from './sync-jobs.js';
import { sourcesOf } from './sync-work.js';

/** The sources that are online as a whole, by name, and their rows. */
interface Checkpoint {
  readonly sources: readonly string[];
  readonly rows: bigint;
}

const NOTHING: Checkpoint = { sources: [], rows: 0n };

/**
 * Copies the newest values of a view's features from the offline into the online store, batch by batch, while readers are
 * served: a write keeps what is newer there, so a sync may be repeated, and two at once do no harm. Rows that were
 * deleted offline stay online. Taken up again, a job goes on with the first source that was not done as a whole.
 */
export class LocalSyncRunner implements JobRunner {
  readonly kind = 'FEATURE_VIEW_SYNC';

  constructor(
    private readonly registry: Registry,
    private readonly stores: FeatureStores,
  ) {}

  async run(job: FeatureViewSyncJobRecord, control: JobControl): Promise<JobOutcome> {
    const view = viewOf(this.registry, job.spec);
    // The first begin, also for a job that is taken up again: up to then all its sources are complete.
    const asOf = job.startedAt!;
    let done = (job.checkpoint as Checkpoint | null) ?? NOTHING;
    let { rows } = done;
    try {
      await control.running(null);
      for (const source of sourcesOf(view)) {
        if (done.sources.includes(source.name)) continue;
        for await (const count of this.#copy(view, source, asOf, control.signal)) {
          rows += BigInt(count);
          control.report(progressOf(rows));
        }
        done = { sources: [...done.sources, source.name], rows };
        await control.checkpoint(done, progressOf(rows));
      }
      return outcomeOf('SUCCEEDED', rows, asOf);
    } catch (error) {
      // What was written stays: it is true, and newer than what it replaced.
      if (stopReason(control.signal) === 'cancel') return outcomeOf('CANCELLED', rows, null);
      throw error;
    }
  }

  /** Gives how many rows each batch had, once they are durable. */
  async *#copy(view: FeatureView, source: FeatureSource, asOf: Instant, signal: AbortSignal): AsyncGenerator<number> {
    const { entityType, features } = view;
    const online = this.stores.online(entityType.featurestore);
    const newest = this.stores.offline(entityType.featurestore).newest(source, { asOf, features, signal });
    for await (const writes of newest) {
      await askPatiently(signal, () => online.write(entityType, writes));
      yield rowsIn(writes);
    }
  }
}

/** A row is all that one source knows of one entity, which may be several writes. */
function rowsIn(writes: readonly OnlineWrite[]): number {
  return new Set(writes.map(({ entityId }) => entityId)).size;
}

/** How many there will be is not known before they are read. */
function progressOf(completed: bigint): JobProgress {
  return { completed, failed: 0n, total: null };
}

function outcomeOf(state: 'SUCCEEDED' | 'CANCELLED', rows: bigint, servedUpTo: Instant | null): JobOutcome {
  const result: FeatureViewSyncResult = { rows, slotMillis: null, servedUpTo };
  return { state, result, progress: { completed: rows, failed: 0n, total: state === 'SUCCEEDED' ? rows : null } };
}
