import type { Instant } from '../../values/instant.js';
import type { FeatureStores } from '../../serving/feature-stores.js';
import type { FilledBy } from '../contents.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { EntityType, FeatureSource, FeatureView } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { FeatureViewSyncJobRecord, FeatureViewSyncResult } from '../feature-view-syncs.js';
import { stopReason, type JobControl, type JobOutcome, type JobRunner } from '../../jobs/job-runner.js';
import { JobFailure, type JobProgress } from '../../jobs/job.js';
import { askPatiently } from '../../jobs/ask-patiently.js';
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
 *
 * Of a computed source (one with SQL) it writes only while the online store has what this gateway computed. Another
 * release may have filled it since: its values are of the same times, so that what arrives last would win, and readers would
 * get a mix that nothing mends. What is left is the one batch that was under way when the other began to fill.
 */
export class LocalSyncRunner implements JobRunner {
  readonly kind = 'FEATURE_VIEW_SYNC';

  constructor(
    private readonly registry: Registry,
    private readonly stores: FeatureStores,
    private readonly filledBy: (entityType: EntityType) => Promise<FilledBy>,
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
    // Also when there is nothing to write, or the outcome would say up to when values are served that are not there.
    await askPatiently(signal, () => this.#assertFilledHere(source));
    const newest = this.stores.offline(entityType.featurestore).newest(source, { asOf, features, signal });
    for await (const writes of newest) {
      await askPatiently(signal, async () => {
        // Before each try: between two of them is time enough for another to begin.
        await this.#assertFilledHere(source);
        await online.write(entityType, writes);
      });
      yield rowsIn(writes);
    }
  }

  async #assertFilledHere({ sql, entityType }: FeatureSource): Promise<void> {
    if (sql === null) return;
    const filledBy = await this.filledBy(entityType);
    if (filledBy !== 'THIS_GATEWAY') throw new JobFailure('STORE_CHANGED', whatToDo(entityType, filledBy));
  }
}

function whatToDo({ name }: EntityType, filledBy: FilledBy): string {
  return filledBy === 'NOBODY'
    ? `The online store is being filled with "${name}". Start the sync again later.`
    : `The online store was filled with "${name}" by a gateway with other SQL, files or features. Start the sync there, or restart this gateway to bring its own back.`;
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
