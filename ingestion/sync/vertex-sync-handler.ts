import type { ScanWork } from '../../datasources/job-store/job-cost.js';
import { pause } from '../../runtime/pause.js';
import { badInput } from '../../errors/app-error.js';
import type { FeatureView } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import { describeOfflineStore } from '../../datasources/registry/store-kinds.js';
import type { FeatureStores } from '../../serving/feature-stores.js';
import { toVertexStoreError } from '../../datasources/google/vertex/store-error.js';
import { GRPC_STATUS, readGrpcCode, isTransient } from '../../datasources/google/grpc-status.js';
import type { FeatureViewSyncResult, FeatureViewSyncSpec, StartFeatureViewSync } from '../feature-view-syncs.js';
import type { JobControl, JobHandler, JobOutcome, JobPlan } from '../../jobs/job-handler.js';
import { JobFailure } from '../../jobs/job-failure.js';
import {
  NO_PROGRESS,
  type JobError,
  type JobProgress,
  type JobRecord,
} from '../../datasources/job-store/job-record.js';
import { VERTEX_SYNC, type VertexSyncCheckpoint } from './sync-job-types.js';
import { findSyncView, planSync } from './sync-jobs.js';
import { syncWork } from './sync-work.js';
import type { VertexSync, VertexSyncsClient } from './vertex-syncs-client.js';
import { toVertexView, type VertexView } from './vertex-view.js';

export interface VertexSyncHandlerOptions {
  readonly registry: Registry;
  readonly stores: Pick<FeatureStores, 'offline'>;
  readonly clientFor: (view: VertexView) => VertexSyncsClient;
  /** The intervals between two polls of a run: from the first, doubling to the longest. */
  readonly pollMs: { readonly first: number; readonly longest: number };
}

type SyncJob = JobRecord<FeatureViewSyncSpec, VertexSyncCheckpoint, FeatureViewSyncResult>;
type Control = JobControl<VertexSyncCheckpoint>;

/**
 * Begins a run on Vertex AI and polls it until it ends: one poll loop per job, for any number of watchers. Vertex AI
 * cannot cancel a run, so a job that is asked to stop stays CANCELLING and ends as its run does; a job is cancelled
 * only if its run has not begun.
 */
export class VertexSyncHandler implements JobHandler<
  StartFeatureViewSync,
  FeatureViewSyncSpec,
  VertexSyncCheckpoint,
  FeatureViewSyncResult
> {
  readonly type = VERTEX_SYNC;
  readonly isRemote = true;

  constructor(private readonly options: VertexSyncHandlerOptions) {}

  async plan(request: StartFeatureViewSync): Promise<JobPlan<FeatureViewSyncSpec>> {
    const { view } = request;
    const { featurestore } = view.entityType;
    // Vertex AI reads the tables, and BigQuery bills the scanned bytes. They are known where the gateway knows the same
    // tables.
    const isEstimated = describeOfflineStore(featurestore.offlineSettings).isReadByVertexAi;
    if (typeof request.cancelAboveUsd === 'number') {
      throw badInput(
        'What this sync costs is not known while it runs: Vertex AI runs its queries. Leave "cancelAboveUsd" out.',
        'cancelAboveUsd',
      );
    }
    if (!isEstimated && typeof request.maxCostUsd === 'number') {
      throw badInput(
        'What this sync costs is not known: the tables that Vertex AI reads are not in the registry. Leave "maxCostUsd" out.',
        'maxCostUsd',
      );
    }
    return {
      ...planSync(request),
      check: () => this.#refuseContinuous(view),
      ...(isEstimated ? { work: () => this.#work(view) } : {}),
    };
  }

  async run(job: SyncJob, control: Control): Promise<JobOutcome<FeatureViewSyncResult>> {
    const view = toVertexView(findSyncView(this.options.registry, job.spec));
    const client = this.options.clientFor(view);
    const begun = await this.#begun(job, view, client, control);
    if (!begun) return { state: 'CANCELLED', result: null, progress: NO_PROGRESS };
    const ended = await this.#watch(begun, view, client, control);
    if (ended.state === 'FAILED') {
      // Its message may name tables and projects, so only the log has it.
      throw new JobFailure(SYNC_FAILED.code, SYNC_FAILED.message, { cause: new Error(ended.error ?? 'no reason') });
    }
    return { state: 'SUCCEEDED', result: toSyncResult(ended), progress: toProgress(ended) };
  }

  /** Vertex AI runs the queries, and does not say what they were billed. */
  async #work(view: FeatureView): Promise<ScanWork> {
    const work = await syncWork(view, this.options.stores.offline(view.entityType.featurestore));
    return { ...work, isMetered: false };
  }

  async #refuseContinuous(view: FeatureView): Promise<void> {
    const vertexView = toVertexView(view);
    const isContinuous = await this.options
      .clientFor(vertexView)
      .isContinuous(vertexView.view)
      .catch((error: unknown) => {
        throw toVertexStoreError(view.entityType.featurestore.name, error);
      });
    if (isContinuous)
      throw badInput(`"${view.name}" is synced continuously; there is nothing to start.`, 'featureView');
  }

  /** Our run: the stored one, one that began before the process ended, or a new one. Undefined if cancelled before. */
  async #begun(
    job: SyncJob,
    { view }: VertexView,
    client: VertexSyncsClient,
    control: Control,
  ): Promise<VertexSync | undefined> {
    const known = job.checkpoint;
    if (known?.run) return client.get(view, known.run.id).catch(throwSyncFailure);
    const isCancelled = control.signal.aborted;
    if (isCancelled && !known) return undefined;
    const before = known ? known.before : ((await client.list(view, 1).catch(throwSyncFailure))[0]?.id ?? null);
    // Stores this before the call: if the process ends after the call, the next one finds the run and begins no other.
    if (!known) await control.checkpoint({ before, run: null }, NO_PROGRESS);
    control.stopping.throwIfAborted();
    const run = await (isCancelled ? client.findStartedSince(view, before) : client.startSync(view, before)).catch(
      throwSyncFailure,
    );
    if (run) await control.checkpoint({ before, run }, toProgress(run));
    return run;
  }

  async #watch(
    begun: VertexSync,
    { view }: VertexView,
    client: VertexSyncsClient,
    control: Control,
  ): Promise<VertexSync> {
    const { first, longest } = this.options.pollMs;
    let run = begun;
    const { stopping } = control;
    await control.state('RUNNING', null);
    for (let wait = first; run.state === 'RUNNING'; wait = Math.min(wait * 2, longest)) {
      await pause(wait, stopping);
      // The gateway stops: the run continues, and the next process polls it.
      stopping.throwIfAborted();
      run = await client.get(view, run.id).catch((error: unknown) => {
        // A broken connection of some minutes must not lose the run: poll it again.
        if (isTransient(error)) return run;
        return throwSyncFailure(error);
      });
    }
    return run;
  }
}

/** The client's error for a failed run. */
export const SYNC_FAILED: JobError = {
  code: 'VERTEX_FAILED',
  message: 'Vertex AI could not sync the feature view. The operator finds its reason among the view’s syncs there.',
};

export function toSyncResult({ state, rowsSynced, slotMillis, ...run }: VertexSync): FeatureViewSyncResult {
  const dataWatermark = state === 'SUCCEEDED' ? (run.watermark ?? run.startTime ?? run.createTime) : run.watermark;
  return { rows: rowsSynced, slotMillis, dataWatermark };
}

export function toProgress({ rowsSynced }: VertexSync): JobProgress {
  return { completed: rowsSynced ?? 0n, failed: 0n, total: rowsSynced };
}

function throwSyncFailure(error: unknown): never {
  switch (readGrpcCode(error)) {
    case GRPC_STATUS.NOT_FOUND:
      throw new JobFailure('VERTEX_LOST', 'The feature view or its sync is not there on Vertex AI.', { cause: error });
    case GRPC_STATUS.FAILED_PRECONDITION:
      throw new JobFailure('VERTEX_REFUSED', 'Vertex AI does not sync this feature view on request.', { cause: error });
    default:
      if (!isTransient(error)) throw error;
      throw new JobFailure('VERTEX_UNAVAILABLE', 'Vertex AI did not answer. Start the sync again later.', {
        cause: error,
      });
  }
}
