import { setTimeout as sleep } from 'node:timers/promises';
import type { protos } from '@google-cloud/aiplatform';
import type { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js';
import { JobFailure } from '../job.js';
import { KEY_LABEL, keyLabelValue } from './job-request.js';
import { readVertexJob, withoutResources, type VertexJob } from './vertex-job.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const TRANSIENT = [DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE];

export interface VertexJobsTiming {
  /** One call. */
  readonly callTimeoutMs: number;
  /** A read that is safe to repeat, over all its attempts. */
  readonly totalTimeoutMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** How often a creation whose answer was lost is looked for and tried again. */
  readonly createAttempts: number;
}

export const VERTEX_JOBS_TIMING: VertexJobsTiming = {
  callTimeoutMs: 30_000,
  totalTimeoutMs: 120_000,
  firstRetryMs: 500,
  longestRetryMs: 30_000,
  createAttempts: 6,
};

/**
 * Vertex AI's job service as a runner needs it. The client by itself repeats nothing at all, not even a read: what is safe
 * to repeat says so with each call.
 */
export class VertexJobsClient {
  constructor(
    private readonly client: JobServiceClient,
    private readonly timing: VertexJobsTiming = VERTEX_JOBS_TIMING,
  ) {}

  async get(name: string): Promise<VertexJob> {
    const [job] = await this.client.getBatchPredictionJob({ name }, this.#repeatable());
    return readVertexJob(job);
  }

  /** Asks for an end. What has been predicted by then is kept. */
  async cancel(name: string): Promise<void> {
    await this.client.cancelBatchPredictionJob({ name }, this.#repeatable());
  }

  /** The job that was created under a key, by whichever gateway; undefined when there is none. */
  async find(parent: string, key: string): Promise<VertexJob | undefined> {
    const filter = `labels.${KEY_LABEL}="${keyLabelValue(key)}"`;
    const [jobs] = await this.client.listBatchPredictionJobs(
      { parent, filter, pageSize: 1 },
      { ...this.#repeatable(), autoPaginate: false },
    );
    return jobs[0] ? readVertexJob(jobs[0]) : undefined;
  }

  /**
   * Creates a job unless there is one of its key. A creation is not repeated blindly: an answer that was lost may have been
   * a yes, so the job is looked for before each further attempt.
   */
  async ensure(parent: string, job: Job, key: string, signal: AbortSignal): Promise<VertexJob> {
    for (let attempt = 1; ; attempt += 1) {
      const existing = await this.find(parent, key);
      if (existing) return existing;
      try {
        const [created] = await this.client.createBatchPredictionJob(
          { parent, batchPredictionJob: job },
          { timeout: this.timing.callTimeoutMs },
        );
        return readVertexJob(created);
      } catch (error) {
        if (!isTransient(error)) throw refusal(error);
        if (attempt >= this.timing.createAttempts) {
          throw new JobFailure('VERTEX_UNAVAILABLE', 'Vertex AI did not take the job. Start it again later.', {
            cause: error,
          });
        }
        await sleep(Math.min(this.timing.firstRetryMs * 2 ** attempt, this.timing.longestRetryMs), undefined, {
          signal,
        });
      }
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  #repeatable() {
    const { callTimeoutMs, totalTimeoutMs, firstRetryMs, longestRetryMs } = this.timing;
    return {
      retry: {
        retryCodes: TRANSIENT,
        backoffSettings: {
          initialRetryDelayMillis: firstRetryMs,
          retryDelayMultiplier: 2,
          maxRetryDelayMillis: longestRetryMs,
          initialRpcTimeoutMillis: callTimeoutMs,
          rpcTimeoutMultiplier: 1,
          maxRpcTimeoutMillis: callTimeoutMs,
          totalTimeoutMillis: totalTimeoutMs,
        },
      },
    };
  }
}

export function isTransient(error: unknown): boolean {
  return TRANSIENT.includes(codeOf(error));
}

export function isNotFound(error: unknown): boolean {
  return codeOf(error) === NOT_FOUND;
}

/** What Vertex AI refused, for the job's owner: the words of Vertex AI, without names of resources. */
export function refusal(error: unknown): JobFailure {
  const message = error instanceof Error ? withoutResources(error.message) : 'no reason was given';
  return new JobFailure('VERTEX_REFUSED', `Vertex AI refused the job: ${message}`, { cause: error });
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'code' in error ? Number(error.code) : -1;
}
