import { pause } from '../../runtime/pause.js';
import type { Registry } from '../../datasources/registry/registry.js';
import { GRPC_STATUS, readGrpcCode, isTransient } from '../../datasources/google/grpc-status.js';
import type { FeatureViewSyncJobRecord, FeatureViewSyncResult } from '../feature-view-syncs.js';
import type { JobControl, JobOutcome, JobRunner } from '../../jobs/job-runner.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { NO_PROGRESS, type JobError, type JobProgress } from '../../datasources/job-store/job-record.js';
import { findSyncView } from './sync-jobs.js';
import type { VertexSync, VertexSyncsClient } from './vertex-syncs-client.js';
import { toVertexView, type VertexView } from './vertex-view.js';

/** How far a sync on Vertex AI is known. */
export interface VertexSyncCheckpoint {
  /** The newest run before ours was begun; null when there was none. Whatever run is newer need not be begun again. */
  readonly before: string | null;
  /** Our run; null until Vertex AI has named it. */
  readonly run: VertexSync | null;
}

export interface VertexSyncRunnerOptions {
  readonly registry: Registry;
  readonly clientFor: (view: VertexView) => VertexSyncsClient;
  /** Between two looks at a run: from the first, doubling to the longest. */
  readonly pollMs: { readonly first: number; readonly longest: number };
}

/**
 * Begins a run on Vertex AI and looks at it until it ends: one poll a job, however many watch it. Vertex AI cannot cancel
 * a run, so a job that is asked to stop stays CANCELLING and ends as its run does; only one that was not begun is cancelled.
 */
export class VertexSyncRunner implements JobRunner {
  readonly kind = 'FEATURE_VIEW_SYNC';

  constructor(private readonly options: VertexSyncRunnerOptions) {}

  isRemote(): boolean {
    return true;
  }

  async run(job: FeatureViewSyncJobRecord, control: JobControl): Promise<JobOutcome> {
    const view = toVertexView(findSyncView(this.options.registry, job.spec));
    const client = this.options.clientFor(view);
    const begun = await this.#begun(job, view, client, control);
    if (!begun) return { state: 'CANCELLED', result: null, progress: NO_PROGRESS };
    const ended = await this.#watch(begun, view, client, control);
    if (ended.state === 'FAILED') {
      // Its reason may name tables and projects: that is for the log.
      throw new JobFailure(SYNC_FAILED.code, SYNC_FAILED.message, { cause: new Error(ended.error ?? 'no reason') });
    }
    return { state: 'SUCCEEDED', result: toSyncResult(ended), progress: toProgress(ended) };
  }

  /** Our run: the one known from before, one that was begun before the process ended, or a new one. None if cancelled before. */
  async #begun(
    job: FeatureViewSyncJobRecord,
    { view }: VertexView,
    client: VertexSyncsClient,
    control: JobControl,
  ): Promise<VertexSync | undefined> {
    const known = job.checkpoint as VertexSyncCheckpoint | null;
    if (known?.run) return client.get(view, known.run.id).catch(throwSyncFailure);
    const isCancelled = control.signal.aborted;
    if (isCancelled && !known) return undefined;
    const before = known ? known.before : ((await client.list(view, 1).catch(throwSyncFailure))[0]?.id ?? null);
    // Before the call: a process that ends after it finds the run that it began, and begins no other.
    if (!known) await control.checkpoint({ before, run: null } satisfies VertexSyncCheckpoint, NO_PROGRESS);
    control.stopping.throwIfAborted();
    const run = await (isCancelled ? client.findStartedSince(view, before) : client.startSync(view, before)).catch(
      throwSyncFailure,
    );
    if (run) await control.checkpoint({ before, run } satisfies VertexSyncCheckpoint, toProgress(run));
    return run;
  }

  async #watch(
    begun: VertexSync,
    { view }: VertexView,
    client: VertexSyncsClient,
    control: JobControl,
  ): Promise<VertexSync> {
    const { first, longest } = this.options.pollMs;
    let run = begun;
    const { stopping } = control;
    await control.state('RUNNING', null);
    for (let wait = first; run.state === 'RUNNING'; wait = Math.min(wait * 2, longest)) {
      await pause(wait, stopping);
      // The gateway ends: the run goes on, and the next process looks at it.
      stopping.throwIfAborted();
      run = await client.get(view, run.id).catch((error: unknown) => {
        // A run must not be lost to minutes of a bad line: it is looked at again.
        if (isTransient(error)) return run;
        return throwSyncFailure(error);
      });
    }
    return run;
  }
}

/** What a client is told of a run that failed. */
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
