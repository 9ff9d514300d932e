import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import type { FeatureView } from '../../datasources/registry/model.js';
import { READ_POLICY } from '../../datasources/google/call-policy.js';
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
import { SyncJobs, toSyncSpec } from './sync-jobs.js';
import { syncTargetKey } from './sync-target.js';
import { toProgress, toSyncResult, SYNC_FAILED, type VertexSyncHandler } from './vertex-sync-handler.js';
import type { VertexSync, VertexSyncsClient } from './vertex-syncs-client.js';
import { toVertexView, type VertexView } from './vertex-view.js';

/** A schedule of every hour is looked back on for two days. */
const MAX_RUNS_LISTED = 50;
/** Among so many of the newest jobs the runs that are known are looked for; more than runs, as a job may fail without one. */
const MAX_JOBS_LISTED = 500;

export interface VertexFeatureViewSyncsOptions {
  readonly engine: JobEngine;
  readonly handler: VertexSyncHandler;
  readonly clientFor: (view: VertexView) => VertexSyncsClient;
  readonly clock: Clock;
  /** Vertex AI did not say which runs a view has: once, until it does again. */
  readonly onUnanswered: (error: unknown, view: FeatureView) => void;
}

/**
 * Syncs that Vertex AI does. Most of its runs are begun by its own schedule: whoever asks for the syncs of a view is shown
 * those too, as jobs that are kept when they are first seen, and watched like ours while they run.
 * While Vertex AI does not say, the jobs that are kept are what is known: a registry is not unreadable for want of its runs.
 */
export class VertexFeatureViewSyncs implements FeatureViewSyncs {
  readonly #recent = new Map<string, TtlCache<readonly VertexSync[]>>();
  /** What Vertex AI last said of each target, and the targets of which it did not say when it was last asked. */
  readonly #reportedOutages = new Map<string, readonly VertexSync[]>();
  readonly #unanswered = new Set<string>();
  readonly #jobs: SyncJobs;

  constructor(private readonly options: VertexFeatureViewSyncsOptions) {
    this.#jobs = new SyncJobs(options.engine);
  }

  start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord> {
    return this.options.engine.start(this.options.handler, request);
  }

  async list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]> {
    await this.#runs(view);
    return this.#jobs.list(view, page);
  }

  async dataWatermark(view: FeatureView): Promise<Instant | null> {
    const runs = await this.#runs(view);
    // A job of ours may have ended since Vertex AI was last asked; a continuous run never ends, and says how far it is.
    const moments = [...runs.map((run) => toSyncResult(run).dataWatermark), await this.#jobs.dataWatermark(view)];
    return moments.reduce((latest, moment) =>
      moment !== null && (latest === null || moment > latest) ? moment : latest,
    );
  }

  /** The newest runs, all of them jobs by now. Asked of Vertex AI at most once in ten seconds, however many want to know. */
  async #runs(view: FeatureView): Promise<readonly VertexSync[]> {
    const target = syncTargetKey(view);
    let recent = this.#recent.get(target);
    if (!recent) this.#recent.set(target, (recent = new TtlCache(() => this.#refreshRuns(view), this.options.clock)));
    return recent.get();
  }

  async #refreshRuns(view: FeatureView): Promise<readonly VertexSync[]> {
    const runs = await this.#ask(view);
    // After the runs: a job notes where it stands before it begins one, so the job of each of these can be told.
    const jobs = await this.#jobs.list(view, { before: null, limit: MAX_JOBS_LISTED });
    for (const run of isExternalRun(runs, jobs).toReversed()) await this.#adopt(view, run);
    return runs;
  }

  /** What was said last when nothing is: a run that brought something still did. */
  async #ask(view: FeatureView): Promise<readonly VertexSync[]> {
    const target = syncTargetKey(view);
    const vertexView = toVertexView(view);
    try {
      // Readers of the registry wait for it.
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

/** Runs without a job. One that a job is just beginning is that job's, though it does not know so yet. */
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
