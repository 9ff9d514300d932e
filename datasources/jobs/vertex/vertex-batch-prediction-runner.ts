import { setTimeout as sleep } from 'node:timers/promises';
import type { Model } from '../../models/model.js';
import type { BatchPredictionJobRecord, BatchPredictionResult } from '../batch-predictions.js';
import type { JobControl, JobOutcome, JobRunner } from '../job-runner.js';
import { JobFailure, NO_PROGRESS } from '../job.js';
import { isEndState } from '../job-transitions.js';
import { batchPredictionJob } from './job-request.js';
import { GRPC_STATUS, grpcCodeOf, isTransient } from '../../vertex/call-policy.js';
import { refusal, type VertexJobsClient } from './vertex-jobs-client.js';
import type { VertexJob, VertexOutput } from './vertex-job.js';
import { vertexModel } from './vertex-model.js';

/** How far a job on Vertex AI is known: its name, so that a gateway that restarts goes on watching and creates no second. */
export interface VertexCheckpoint {
  readonly name: string;
  readonly replicaHours: number | null;
}

/** What came of it, with what only this room looks at. */
export interface VertexResult extends BatchPredictionResult {
  readonly output: VertexOutput | null;
  readonly replicaHours: number | null;
}

export interface VertexRunnerOptions {
  readonly modelOf: (name: string) => Model;
  /** The client of a model's region: another region's endpoint does not know the model. */
  readonly clientFor: (location: string) => Promise<VertexJobsClient>;
  /** Between two looks at a job: from the first, doubling to the longest while nothing changes. */
  readonly pollMs: { readonly first: number; readonly longest: number };
}

/** Vertex AI pushes nothing: a job is looked at by one poll in this process, however many watch it. */
export class VertexBatchPredictionRunner implements JobRunner {
  readonly kind = 'BATCH_PREDICTION';

  constructor(private readonly options: VertexRunnerOptions) {}

  runsElsewhere(): boolean {
    return true;
  }

  /** As Vertex AI says, which it does not before the job has begun there. */
  replicaHours({ checkpoint, result }: BatchPredictionJobRecord): number | null {
    return (
      (result as VertexResult | null)?.replicaHours ?? (checkpoint as VertexCheckpoint | null)?.replicaHours ?? null
    );
  }

  async run(job: BatchPredictionJobRecord, control: JobControl): Promise<JobOutcome> {
    const model = vertexModel(this.options.modelOf(job.spec.model));
    const client = await this.options.clientFor(model.location);
    const started = await this.#started(job, client, control);
    if (!started) return { state: 'CANCELLED', result: null, progress: NO_PROGRESS };
    const ended = await this.#watch(started, client, control);
    return outcomeOf(ended);
  }

  /** The job on Vertex AI: the one known from before, the one found by its key, or a new one. None if cancelled before. */
  async #started(
    job: BatchPredictionJobRecord,
    client: VertexJobsClient,
    control: JobControl,
  ): Promise<VertexJob | undefined> {
    const known = job.checkpoint as VertexCheckpoint | null;
    const found = known ? await client.get(known.name).catch(lost) : await this.#create(job, client, control.signal);
    stopIfAsked(control);
    if (!found) return undefined;
    // Also when it was known: a gateway that restarts often while the job waits gets further each time.
    await control.checkpoint(checkpointOf(found), found.progress);
    return found;
  }

  #create(
    job: BatchPredictionJobRecord,
    client: VertexJobsClient,
    signal: AbortSignal,
  ): Promise<VertexJob | undefined> {
    const { name: model, parent } = vertexModel(this.options.modelOf(job.spec.model));
    const key = job.spec.key ?? job.id;
    const request = batchPredictionJob({
      displayName: job.displayName ?? job.id,
      labels: job.labels,
      key,
      model,
      spec: job.spec,
    });
    return client.ensure(parent, request, key, signal);
  }

  async #watch(started: VertexJob, client: VertexJobsClient, control: JobControl): Promise<VertexJob> {
    let seen = started;
    let wait = this.options.pollMs.first;
    let isCancelAsked = false;
    await control.state(seen.state, seen.progress.total);
    while (!isEndState(seen.state)) {
      if (isCancelled(control.signal) && !isCancelAsked) {
        await client.cancel(seen.name);
        isCancelAsked = true;
        wait = this.options.pollMs.first;
      }
      await pause(wait, isCancelAsked ? control.stopping : control.signal);
      stopIfAsked(control);
      const next = await client.get(seen.name).catch((error: unknown) => {
        // Hours of a job must not be lost to minutes of a bad line: it is looked at again.
        if (isTransient(error)) return seen;
        return lost(error);
      });
      const hasChanged = next.state !== seen.state || next.progress.completed !== seen.progress.completed;
      wait = hasChanged ? this.options.pollMs.first : Math.min(wait * 2, this.options.pollMs.longest);
      if (next.state !== seen.state) await control.state(next.state, next.progress.total);
      if (hasChanged || next.replicaHours !== seen.replicaHours) {
        await control.checkpoint(checkpointOf(next), next.progress);
      }
      seen = next;
    }
    return seen;
  }
}

/** Waits until the next look, or until there is a wish that changes it. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** The gateway ends: the job goes on, and the next process watches it. */
function stopIfAsked({ stopping }: JobControl): void {
  stopping.throwIfAborted();
}

function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason === 'cancel';
}

function checkpointOf({ name, replicaHours }: VertexJob): VertexCheckpoint {
  return { name, replicaHours };
}

function outcomeOf({ state, progress, error, output, replicaHours }: VertexJob): JobOutcome {
  const result: VertexResult = {
    predictions: output ? nameOf(output) : null,
    failures: output && progress.failed > 0n ? nameOf(output) : null,
    isPartial: state !== 'SUCCEEDED',
    output,
    replicaHours,
  };
  switch (state) {
    case 'FAILED':
      return failed('VERTEX_FAILED', error?.message ?? 'Vertex AI gave no reason.');
    case 'EXPIRED':
      return failed('VERTEX_EXPIRED', 'Vertex AI gave the job up: it took too long.');
    case 'CANCELLED':
    case 'PARTIALLY_SUCCEEDED':
      return { state, result, progress };
    default:
      // Vertex AI calls a job succeeded also when some instances failed.
      return { state: progress.failed > 0n ? 'PARTIALLY_SUCCEEDED' : 'SUCCEEDED', result, progress };
  }

  function failed(code: string, message: string): JobOutcome {
    return { state: 'FAILED', error: { code, message }, result, progress };
  }
}

function nameOf(output: VertexOutput): string {
  return output.kind === 'CLOUD_STORAGE' ? output.folder : `${output.dataset.replace(/^bq:\/\//, '')}.${output.table}`;
}

function lost(error: unknown): never {
  if (grpcCodeOf(error) === GRPC_STATUS.NOT_FOUND)
    throw new JobFailure('VERTEX_LOST', 'The job was deleted on Vertex AI.', { cause: error });
  throw refusal(error);
}
