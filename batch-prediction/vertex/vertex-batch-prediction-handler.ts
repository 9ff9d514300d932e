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

export interface VertexHandlerOptions extends VertexPlanDependencies {
  /** The client of a region: another region's endpoint knows neither the model nor its jobs. */
  readonly clientFor: (location: string) => Promise<VertexJobsClient>;
  /** Between two looks at a job: from the first, doubling to the longest while nothing changes. */
  readonly pollMs: { readonly first: number; readonly longest: number };
  /** Told what went wrong and is tried again: for the log. */
  readonly onTransientError: (error: unknown, job: VertexBatchPredictionJob) => void;
}

type Control = JobControl<VertexCheckpoint>;

/**
 * Vertex AI pushes nothing: a job is looked at by one poll in this process, however many watch it. A job there goes on, and
 * is billed, whatever happens here. So what a job's state is only Vertex AI says: questions without an answer are asked
 * again, and a job that ends here without its word is ended there as well.
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

  /** As Vertex AI says, which it does not before the job has begun there. */
  replicaHours({ checkpoint, result }: VertexBatchPredictionJob): number | null {
    return result?.replicaHours ?? checkpoint?.replicaHours ?? null;
  }

  async run(job: VertexBatchPredictionJob, control: Control): Promise<JobOutcome<VertexResult>> {
    const name = job.checkpoint?.name ?? (await this.#create(job, control));
    if (name === undefined) return { state: 'CANCELLED', result: null, progress: NO_PROGRESS };
    const ended = await this.#follow(job, name, control);
    // The job itself keeps them without names.
    for (const words of ended.rawMessage) this.options.onTransientError(new Error(`Vertex AI says: ${words}`), job);
    return toOutcome(ended);
  }

  /** Ends the job on Vertex AI, also one whose creation was never answered. */
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

  /** The name of the job on Vertex AI: of the one found by its key, or of a new one. None if cancelled before. */
  async #create(job: VertexBatchPredictionJob, control: Control): Promise<string | undefined> {
    const query = this.#jobQuery(job);
    const client = await this.options.clientFor(parseLocation(query.parent));
    const found = await client.ensure({
      ...query,
      // One that has left the registry since is no longer to be used.
      check: () => void this.options.getModel(job.spec.model),
      mayExist: job.attempts > 1,
      signal: control.signal,
      stopping: control.stopping,
    });
    if (found) await control.checkpoint(toCheckpoint(found), found.progress);
    else throwIfStopping(control);
    return found?.name;
  }

  /** Looks at the job until it has ended there. */
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
      // Once there is a wish to end, only the end of this process makes a difference.
      await pause(wait, control.signal.aborted ? control.stopping : control.signal);
    }
  }

  /**
   * The job that was made for the same request before, if two were; else the job itself. Asked whenever its state changes,
   * since a list of Vertex AI may have come without one of them.
   */
  async #older(job: VertexBatchPredictionJob, found: VertexJob): Promise<VertexJob> {
    const kept = await this.#ask(job, found.name, (client) => client.find(this.#jobQuery(job)));
    return kept && kept.name !== found.name ? kept : found;
  }

  /**
   * What Vertex AI answers; undefined when it does not, for whatever reason: a bad line, credentials that ran out, a
   * permission that was taken away. The job goes on all the same. Only that there is no such job ends it.
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
   * As Vertex AI is asked for it, and as it is found there. The registry may name another model of another region by now: a
   * job belongs where it was started.
   */
  #jobQuery(job: VertexBatchPredictionJob): JobQuery {
    const { vertexRequest } = job.spec;
    const key = toVertexKey(job);
    return {
      parent: parseModelParent(vertexRequest.model),
      key,
      requested: withKeyLabels(vertexRequest, key),
      onTransientError: (error) => this.options.onTransientError(error, job),
    };
  }
}

/** How the job was last seen, after Vertex AI has taken the wish to end; undefined when it is gone. */
async function cancelVertexJob(client: VertexJobsClient, name: string): Promise<VertexJob | undefined> {
  try {
    await client.cancel(name);
    return await client.get(name);
  } catch (error) {
    if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) return undefined;
    throw error;
  }
}

function hasChanged(before: VertexJob, { state, progress, replicaHours }: VertexJob): boolean {
  const { completed, failed, total } = before.progress;
  return (
    state !== before.state ||
    replicaHours !== before.replicaHours ||
    progress.completed !== completed ||
    progress.failed !== failed ||
    progress.total !== total
  );
}

/** The gateway ends: the job goes on, and the next process watches it. */
function throwIfStopping({ stopping }: Control): void {
  stopping.throwIfAborted();
}

function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === 'cancel';
}

function toCheckpoint({ name, replicaHours }: VertexJob): VertexCheckpoint {
  return { name, replicaHours };
}
