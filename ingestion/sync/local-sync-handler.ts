import type { Instant } from '../../values/instant.js';
import type { FeatureStores } from '../../serving/feature-stores.js';
import type { FillOwner } from '../fill-fingerprint.js';
import { newestWrites } from '../newest-writes.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { EntityType, FeatureSource, FeatureView } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { FeatureViewSyncResult, FeatureViewSyncSpec, StartFeatureViewSync } from '../feature-view-syncs.js';
import { stopReason, type JobControl, type JobHandler, type JobOutcome, type JobPlan } from '../../jobs/job-handler.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { JobProgress, JobRecord } from '../../datasources/job-store/job-record.js';
import { retryOnOutage } from '../../runtime/retry-on-outage.js';
import { LOCAL_SYNC, type LocalSyncCheckpoint } from './sync-job-types.js';
import { findSyncView, planSync } from './sync-jobs.js';
import { listViewSources, syncWork } from './sync-work.js';

type SyncJob = JobRecord<FeatureViewSyncSpec, LocalSyncCheckpoint, FeatureViewSyncResult>;

const EMPTY_CHECKPOINT: LocalSyncCheckpoint = { sources: [], rows: 0n };

/**
 * Materializes a feature view: copies the newest values of its features from the offline into the online store, in batches, while readers
 * are served. A write never replaces newer values, so syncs can be repeated or run at the same time. Rows that were
 * deleted offline stay online. A resumed job continues with the first source that was not completed.
 *
 * For a computed source (one with SQL), it writes only while the online store has what this gateway computed. Another
 * release may have filled the store since, with values of the same times. Then the last write would win, and readers
 * would get a lasting mix of both. Only the batch that was in progress when the other fill began can still be written.
 */
export class LocalSyncHandler implements JobHandler<
  StartFeatureViewSync,
  FeatureViewSyncSpec,
  LocalSyncCheckpoint,
  FeatureViewSyncResult
> {
  readonly type = LOCAL_SYNC;

  constructor(
    private readonly registry: Registry,
    private readonly stores: FeatureStores,
    private readonly fillOwner: (entityType: EntityType) => Promise<FillOwner>,
  ) {}

  async plan(request: StartFeatureViewSync): Promise<JobPlan<FeatureViewSyncSpec>> {
    const { view } = request;
    const offline = this.stores.offline(view.entityType.featurestore);
    return { ...planSync(request), work: () => syncWork(view, offline) };
  }

  async run(job: SyncJob, control: JobControl<LocalSyncCheckpoint>): Promise<JobOutcome<FeatureViewSyncResult>> {
    const view = findSyncView(this.registry, job.spec);
    // The time of the first begin, also for a resumed job: up to then all its sources are complete.
    const asOf = job.startedAt!;
    let done = job.checkpoint ?? EMPTY_CHECKPOINT;
    let { rows } = done;
    try {
      await control.running(null);
      for (const source of listViewSources(view)) {
        if (done.sources.includes(source.name)) continue;
        for await (const count of this.#copy(view, source, asOf, control)) {
          rows += BigInt(count);
          control.report(toProgress(rows));
        }
        done = { sources: [...done.sources, source.name], rows };
        await control.checkpoint(done, toProgress(rows));
      }
      return toOutcome('SUCCEEDED', rows, asOf);
    } catch (error) {
      // The written values stay: they are valid, and newer than the values that they replaced.
      if (stopReason(control.signal) === 'cancel') return toOutcome('CANCELLED', rows, null);
      throw error;
    }
  }

  /** Returns the number of rows of each batch, once they are durable. */
  async *#copy(
    view: FeatureView,
    source: FeatureSource,
    asOf: Instant,
    { signal, payer }: Pick<JobControl, 'signal' | 'payer'>,
  ): AsyncGenerator<number> {
    const { entityType, features } = view;
    const online = this.stores.online(entityType.featurestore);
    // Checks also without rows; otherwise the outcome would report a watermark for values that are not there.
    await retryOnOutage(signal, () => this.#assertFilledByThisGateway(source));
    const offline = this.stores.offline(entityType.featurestore);
    for await (const writes of newestWrites(offline, source, { asOf, features, signal, payer })) {
      await retryOnOutage(signal, async () => {
        // Checks before each attempt: another fill may begin between two attempts.
        await this.#assertFilledByThisGateway(source);
        await online.write(entityType, writes);
      });
      yield rowsIn(writes);
    }
  }

  async #assertFilledByThisGateway({ sql, entityType }: FeatureSource): Promise<void> {
    if (sql === null) return;
    const fillOwner = await this.fillOwner(entityType);
    if (fillOwner !== 'THIS_GATEWAY') throw new JobFailure('STORE_CHANGED', syncAdvice(entityType, fillOwner));
  }
}

function syncAdvice({ name }: EntityType, fillOwner: FillOwner): string {
  return fillOwner === 'NONE'
    ? `The online store is being filled with "${name}". Start the sync again later.`
    : `The online store was filled with "${name}" by a gateway with other SQL, files or features. Start the sync there, or restart this gateway to bring its own back.`;
}

/** A row is all values of one source for one entity, which may be several writes. */
function rowsIn(writes: readonly OnlineWrite[]): number {
  return new Set(writes.map(({ entityId }) => entityId)).size;
}

/** The total is unknown before the rows are read. */
function toProgress(completed: bigint): JobProgress {
  return { completed, failed: 0n, total: null };
}

function toOutcome(
  state: 'SUCCEEDED' | 'CANCELLED',
  rows: bigint,
  dataWatermark: Instant | null,
): JobOutcome<FeatureViewSyncResult> {
  const result = { rows, slotMillis: null, dataWatermark };
  return { state, result, progress: { completed: rows, failed: 0n, total: state === 'SUCCEEDED' ? rows : null } };
}
