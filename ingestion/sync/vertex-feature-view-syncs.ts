import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import type { FeatureView } from '../../datasources/registry/model.js';
import { READ_POLICY } from '../../datasources/google/retry-policy.js';
import { TtlCache } from '../../datasources/google/vertex/ttl-cache.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncs,
  StartFeatureViewSync,
  SyncRange,
} from '../feature-view-syncs.js';
import { isTerminalState } from '../../datasources/job-store/job-state.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import { VERTEX_SYNC } from './sync-job-types.js';
import type { JobWork } from '../../datasources/job-store/job-cost.js';
import { plannedWork } from './planned-work.js';
import { SyncJobs, toSyncSpec } from './sync-jobs.js';
import { syncTargetKey } from './sync-target.js';
import { toProgress, toSyncResult, SYNC_FAILED, type VertexSyncHandler } from './vertex-sync-handler.js';
import type { VertexSync, VertexSyncsClient } from './vertex-syncs-client.js';
import { toVertexView, type VertexView } from './vertex-view.js';

/** For an hourly schedule, this covers two days. */
const MAX_RUNS_LISTED = 50;
/**
 * The number of newest jobs in which known runs are searched. It exceeds the number of runs, because a job may fail
 * without a run.
 */
const MAX_JOBS_LISTED = 500;

export interface VertexFeatureViewSyncsOptions {
  readonly engine: JobEngine;
  readonly handler: VertexSyncHandler;
  readonly clientFor: (view: VertexView) => VertexSyncsClient;
  readonly clock: Clock;
  /** Vertex AI did not return the runs of a view. This is reported once, until it returns them again. */
  readonly onUnanswered: (error: unknown, view: FeatureView) => void;
}

/**
 * Syncs that Vertex AI performs. Its own schedule begins most of its runs. A query of a view's syncs shows those too,
 * as jobs that are stored when they are first seen and watched like ours while they run.
 * While Vertex AI does not respond, the stored jobs are the result: the registry stays readable without its runs.
 */
export class VertexFeatureViewSyncs implements FeatureViewSyncs {
  readonly #recent = new Map<string, TtlCache<readonly VertexSync[]>>();
  /** Vertex AI's last response for each target, and the targets whose last call failed. */
  readonly #reportedOutages = new Map<string, readonly VertexSync[]>();
  readonly #unanswered = new Set<string>();
  readonly #jobs: SyncJobs;

  constructor(private readonly options: VertexFeatureViewSyncsOptions) {
    this.#jobs = new SyncJobs(options.engine);
  }

  start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord> {
    return this.options.engine.start(this.options.handler, request);
  }

  work(request: StartFeatureViewSync): Promise<JobWork | null> {
    return plannedWork(this.options.handler, request);
  }

  async list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]> {
    await this.#runs(view);
    return this.#jobs.list(view, page);
  }

  async dataWatermark(view: FeatureView): Promise<Instant | null> {
    const runs = await this.#runs(view);
    // One of our jobs may have ended since the last call; a continuous run never ends, and reports its progress.
    const moments = [...runs.map((run) => toSyncResult(run).dataWatermark), await this.#jobs.dataWatermark(view)];
    return moments.reduce((latest, moment) =>
      moment !== null && (latest === null || moment > latest) ? moment : latest,
    );
  }

  /** The newest runs, all stored as jobs. It calls Vertex AI at most once in ten seconds, for any number of callers. */
  async #runs(view: FeatureView): Promise<readonly VertexSync[]> {
    const target = syncTargetKey(view);
    let recent = this.#recent.get(target);
    if (!recent) this.#recent.set(target, (recent = new TtlCache(() => this.#refreshRuns(view), this.options.clock)));
    return recent.get();
  }

  async #refreshRuns(view: FeatureView): Promise<readonly VertexSync[]> {
    const runs = await this.#ask(view);
    // Reads jobs after the runs: a job stores its position before it begins a run, so the job of each run can be found.
    const jobs = await this.#jobs.list(view, { before: null, limit: MAX_JOBS_LISTED });
    for (const run of isExternalRun(runs, jobs).toReversed()) await this.#adopt(view, run);
    return runs;
  }

  /** The last response when the call fails: the data that a run brought is still there. */
  async #ask(view: FeatureView): Promise<readonly VertexSync[]> {
    const target = syncTargetKey(view);
    const vertexView = toVertexView(view);
    try {
      // Readers of the registry wait for this call.
      const runs = await this.options.clientFor(vertexView).list(vertexView.view, MAX_RUNS_LISTED, READ_POLICY);
      this.#reportedOutages.set(target, runs);
      this.#unanswered.delete(target);
      return runs;
    } catch (error) {
      if (!this.#unanswered.has(target)) this.options.onUnanswered(error, view);
      this.#unanswered.add(target);
      return this.#reportedOutages.get(target) ?? [];
    }
  }

  async #adopt(view: FeatureView, run: VertexSync): Promise<void> {
    const { state } = run;
    const target = syncTargetKey(view);
    await this.options.engine.adopt(VERTEX_SYNC, {
      externalId: `${target}/${run.id}`,
      target,
      spec: toSyncSpec(view, 'EXTERNAL'),
      state,
      createdAt: run.createTime,
      startedAt: run.startTime,
      endedAt: run.endTime,
      progress: toProgress(run),
      checkpoint: { before: null, run },
      result: isTerminalState(state) ? toSyncResult(run) : null,
      error: state === 'FAILED' ? SYNC_FAILED : null,
    });
  }
}

/**
 * Runs without a job. A run that a job is just beginning belongs to that job, although the job has not stored it yet.
 */
function isExternalRun(runs: readonly VertexSync[], jobs: readonly FeatureViewSyncJobRecord[]): readonly VertexSync[] {
  const known = new Set<string>();
  let beginning = 0;
  for (const { state, checkpoint } of jobs.filter((job) => VERTEX_SYNC.includes(job))) {
    const { before, run } = checkpoint ?? {};
    if (run) known.add(run.id);
    else if (before !== undefined && !isTerminalState(state)) {
      const older = runs.findIndex(({ id }) => id === before);
      beginning = Math.max(beginning, older < 0 ? runs.length : older);
    }
  }
  return runs.slice(beginning).filter(({ id }) => !known.has(id));
}
