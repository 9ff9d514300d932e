import { pause } from '../../runtime/pause.js';
import type { BatchPredictionRequest, BatchPredictionSpec, RetryRequest } from '../batch-predictions.js';
import { MAX_ATTEMPTS_EXCEEDED } from '../../jobs/attempts.js';
import type { JobControl, JobHandler, JobOutcome, JobPlan, PartialResult } from '../../jobs/job-handler.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { NO_PROGRESS } from '../../datasources/job-store/job-record.js';
import { isTerminalState } from '../../datasources/job-store/job-state.js';
import { toVertexKey, withKeyLabels } from './job-labels.js';
import {
  planVertexBatchPrediction,
  planVertexRetry,
  type VertexPlanDependencies,
} from './plan-vertex-batch-prediction.js';
import {
  requestedVertexPrediction,
  VERTEX_BATCH_PREDICTION,
  type VertexBatchPredictionJob,
  type VertexCheckpoint,
  type VertexJobSpec,
} from './vertex-batch-prediction-job.js';
import { GRPC_STATUS, readGrpcCode } from '../../datasources/google/grpc-status.js';
import { toOutcome, toVertexResult, type VertexResult } from './vertex-result.js';
import { lookupHint, type JobQuery, type VertexJobsClient } from './vertex-jobs-client.js';
import type { VertexJob } from './vertex-job.js';
import { parseLocation, parseModelParent } from './vertex-model.js';
import type { Instant } from '../../values/instant.js';

export interface VertexHandlerOptions extends VertexPlanDependencies {
  /** The client of a region: another region's endpoint does not know the model or its jobs. */
  readonly clientFor: (location: string) => Promise<VertexJobsClient>;
  /** The intervals between two polls of a job: from the first, doubling to the longest while nothing changes. */
  readonly pollMs: { readonly first: number; readonly longest: number };
  /** Receives errors that are retried, for the log. */
  readonly onTransientError: (error: unknown, job: VertexBatchPredictionJob) => void;
}

type Control = JobControl<VertexCheckpoint>;

const MICROS_PER_HOUR = 3_600_000_000;

/**
 * Vertex AI pushes no events, so one poll loop in this process follows a job, for any number of watchers. The job
 * continues on Vertex AI, and is billed, whatever happens here. So only Vertex AI decides the state of a job:
 * unanswered calls are repeated, and a job that ends here without a confirmed end is also cancelled there.
 */
export class VertexBatchPredictionHandler implements JobHandler<
  BatchPredictionRequest | RetryRequest,
  VertexJobSpec,
  VertexCheckpoint,
  VertexResult
> {
  readonly type = VERTEX_BATCH_PREDICTION;
  readonly isRemote = true;

  constructor(private readonly options: VertexHandlerOptions) {}

  async plan(request: BatchPredictionRequest | RetryRequest): Promise<JobPlan<VertexJobSpec>> {
    return 'retryOf' in request
      ? planVertexRetry(this.options, request)
      : planVertexBatchPrediction(this.options, request);
  }

  requested(spec: VertexJobSpec): BatchPredictionSpec {
    return requestedVertexPrediction(spec);
  }

  /** The hours that Vertex AI reports; it reports none before the job has begun there. */
  replicaHours({ checkpoint, result }: VertexBatchPredictionJob): number | null {
    return result?.replicaHours ?? checkpoint?.replicaHours ?? null;
  }

  /**
   * Vertex AI reports hours late, for some models only at the end. All replicas of a batch prediction run from its start to
   * its end, so the time since then bounds what it costs so far.
   */
  replicaHoursSoFar(job: VertexBatchPredictionJob, now: Instant): number | null {
    const reported = this.replicaHours(job);
    const since = job.checkpoint?.runningSince ?? null;
    if (since === null || now < since) return reported;
    const { startingReplicaCount } = job.spec.resources;
    return Math.max(reported ?? 0, (Number(now - since) / MICROS_PER_HOUR) * startingReplicaCount);
  }

  async run(job: VertexBatchPredictionJob, control: Control): Promise<JobOutcome<VertexResult>> {
    const name = job.checkpoint?.name ?? (await this.#create(job, control));
    if (name === undefined) return { state: 'CANCELLED', result: null, progress: NO_PROGRESS };
    const ended = await this.#follow(job, name, control);
    // The job record stores the errors without resource names.
    for (const words of ended.rawMessage) this.options.onTransientError(new Error(`Vertex AI says: ${words}`), job);
    return toOutcome(ended);
  }

  /** Cancels the job on Vertex AI, also one whose creation got no response. */
  async finalize(job: VertexBatchPredictionJob): Promise<PartialResult<VertexResult>> {
    try {
      const query = this.#jobQuery(job);
      const name = job.checkpoint?.name;
      const client = await this.options.clientFor(parseLocation(name ?? query.parent));
      const there = name ?? (await client.find(query))?.name;
      const left = there === undefined ? undefined : await cancelVertexJob(client, there);
      return left
        ? { result: toVertexResult(left), progress: left.progress }
        : { result: null, progress: job.progress };
    } catch (cause) {
      const message = `${MAX_ATTEMPTS_EXCEEDED.message} Vertex AI did not confirm that it was ended there. ${lookupHint(toVertexKey(job))}`;
      throw new JobFailure(MAX_ATTEMPTS_EXCEEDED.code, message, { cause });
    }
  }

  /** The name of the job on Vertex AI: a job with its key, or a new one. Undefined if cancelled before. */
  async #create(job: VertexBatchPredictionJob, control: Control): Promise<string | undefined> {
    const query = this.#jobQuery(job);
    const client = await this.options.clientFor(parseLocation(query.parent));
    const found = await client.ensure({
      ...query,
      // A model that was removed from the registry must not be used.
      check: () => void this.options.getModel(job.spec.model),
      mayExist: job.attempts > 1,
      signal: control.signal,
      stopping: control.stopping,
    });
    if (found) await control.checkpoint(toCheckpoint(found), found.progress);
    else throwIfStopping(control);
    return found?.name;
  }

  /** Polls the job until it has ended on Vertex AI. */
  async #follow(job: VertexBatchPredictionJob, created: string, control: Control): Promise<VertexJob> {
    const { first, longest } = this.options.pollMs;
    let name = created;
    let seen: VertexJob | undefined;
    let wait = first;
    let isCancelAsked = false;
    for (;;) {
      throwIfStopping(control);
      const looked = await this.#ask(job, name, (client) => client.get(name));
      const found = looked && looked.state !== seen?.state ? await this.#older(job, looked) : looked;
      if (found && found.name !== name) {
        name = found.name;
        isCancelAsked = false;
      }
      const isNews = found !== undefined && (seen === undefined || hasChanged(seen, found));
      if (isNews) {
        await control.state(found.state, found.progress.total);
        await control.checkpoint(toCheckpoint(found), found.progress);
        seen = found;
      }
      if (seen && isTerminalState(seen.state)) return seen;
      wait = isNews ? first : Math.min(wait * 2, longest);
      if (isCancelled(control.signal) && !isCancelAsked) {
        isCancelAsked = (await this.#ask(job, name, (client) => client.cancel(name).then(() => true))) ?? false;
        if (isCancelAsked) wait = first;
      }
      // After a request to cancel, only the end of this process makes a difference.
      await pause(wait, control.signal.aborted ? control.stopping : control.signal);
    }
  }

  /**
   * The earlier job for the same request, if there are two; otherwise the job itself. This check runs at every state
   * change, because a list of Vertex AI may have omitted one of them.
   */
  async #older(job: VertexBatchPredictionJob, found: VertexJob): Promise<VertexJob> {
    const kept = await this.#ask(job, found.name, (client) => client.find(this.#jobQuery(job)));
    return kept && kept.name !== found.name ? kept : found;
  }

  /**
   * Vertex AI's response; undefined when there is none, for any reason: a broken connection, expired credentials, a
   * revoked permission. The job continues in all these cases. Only the response that the job does not exist ends it.
   */
  async #ask<Answer>(
    job: VertexBatchPredictionJob,
    name: string,
    question: (client: VertexJobsClient) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      return await question(await this.options.clientFor(parseLocation(name)));
    } catch (error) {
      if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) {
        throw new JobFailure('VERTEX_LOST', 'The job was deleted on Vertex AI.', { cause: error });
      }
      this.options.onTransientError(error, job);
      return undefined;
    }
  }

  /**
   * The job as it is sent to Vertex AI and found there. The registry may name another model in another region by now,
   * but a job stays in the region where it started.
   */
  #jobQuery(job: VertexBatchPredictionJob): JobQuery {
    const { vertexRequest, vertexParent } = job.spec;
    const key = toVertexKey(job);
    return {
      parent: vertexParent ?? parseModelParent(vertexRequest.model),
      key,
      requested: withKeyLabels(vertexRequest, key),
      onTransientError: (error) => this.options.onTransientError(error, job),
    };
  }
}

/**
 * The last seen state of the job after Vertex AI has accepted the cancellation; undefined when the job no longer
 * exists.
 */
async function cancelVertexJob(client: VertexJobsClient, name: string): Promise<VertexJob | undefined> {
  try {
    await client.cancel(name);
    return await client.get(name);
  } catch (error) {
    if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) return undefined;
    throw error;
  }
}

function hasChanged(before: VertexJob, { state, progress, replicaHours, runningSince }: VertexJob): boolean {
  const { completed, failed, total } = before.progress;
  return (
    state !== before.state ||
    replicaHours !== before.replicaHours ||
    runningSince !== before.runningSince ||
    progress.completed !== completed ||
    progress.failed !== failed ||
    progress.total !== total
  );
}

/** The gateway stops: the job continues, and the next process watches it. */
function throwIfStopping({ stopping }: Control): void {
  stopping.throwIfAborted();
}

function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === 'cancel';
}

function toCheckpoint({ name, replicaHours, runningSince }: VertexJob): VertexCheckpoint {
  return { name, replicaHours, runningSince };
}
