import { setTimeout as sleep } from 'node:timers/promises';
import type { protos, v1 } from '@google-cloud/aiplatform';
import {
  ADMIN_POLICY,
  GRPC_STATUS,
  grpcCodeOf,
  isTransient,
  retrying,
  type CallPolicy,
} from '../../vertex/call-policy.js';
import { JobFailure } from '../job.js';
import { KEY_LABEL, keyLabelValue } from './job-request.js';
import { readVertexJob, withoutResources, type VertexJob } from './vertex-job.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** How often a creation whose answer was lost is looked for and tried again, and the pause before the first time. */
export interface CreatePolicy {
  readonly attempts: number;
  readonly pauseMs: number;
}

const CREATE_POLICY: CreatePolicy = { attempts: 6, pauseMs: 1_000 };

/** Vertex AI's job service as a runner needs it. */
export class VertexJobsClient {
  constructor(
    private readonly client: v1.JobServiceClient,
    private readonly policy: CallPolicy = ADMIN_POLICY,
    private readonly createPolicy: CreatePolicy = CREATE_POLICY,
  ) {}

  async get(name: string): Promise<VertexJob> {
    const [job] = await retrying(this.policy, (timeout) => this.client.getBatchPredictionJob({ name }, { timeout }));
    return readVertexJob(job);
  }

  /** Asks for an end. What has been predicted by then is kept. */
  async cancel(name: string): Promise<void> {
    try {
      await retrying(this.policy, (timeout) => this.client.cancelBatchPredictionJob({ name }, { timeout }));
    } catch (error) {
      // It ended in the meantime: the next look sees how.
      if (grpcCodeOf(error) !== GRPC_STATUS.FAILED_PRECONDITION) throw refusal(error);
    }
  }

  /** The job that was created under a key, by whichever gateway; undefined when there is none. */
  async find(parent: string, key: string): Promise<VertexJob | undefined> {
    const request = { parent, filter: `labels.${KEY_LABEL}="${keyLabelValue(key)}"`, pageSize: 1 };
    const [jobs] = await retrying(this.policy, (timeout) =>
      this.client.listBatchPredictionJobs(request, { timeout, autoPaginate: false }),
    );
    return jobs[0] ? readVertexJob(jobs[0]) : undefined;
  }

  /**
   * Creates a job unless there is one of its key. A creation is not repeated blindly: an answer that was lost may have been
   * a yes, so the job is looked for before each further attempt. When the wish to stop comes first and there is no job,
   * none is created: undefined.
   */
  async ensure(parent: string, job: Job, key: string, signal: AbortSignal): Promise<VertexJob | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const existing = await this.find(parent, key);
        if (existing || signal.aborted) return existing;
        const request = { parent, batchPredictionJob: job };
        const [created] = await this.client.createBatchPredictionJob(request, { timeout: this.policy.attemptMs });
        return readVertexJob(created);
      } catch (error) {
        if (!isTransient(error)) throw refusal(error);
        if (attempt >= this.createPolicy.attempts) {
          const message = 'Vertex AI did not take the job. Start it again later.';
          throw new JobFailure('VERTEX_UNAVAILABLE', message, { cause: error });
        }
        await sleep(this.createPolicy.pauseMs * 2 ** attempt, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

/** What Vertex AI refused, for the job's owner: the words of Vertex AI, without names of resources. */
export function refusal(error: unknown): JobFailure {
  const message = error instanceof Error ? withoutResources(error.message) : 'no reason was given';
  return new JobFailure('VERTEX_REFUSED', `Vertex AI refused the job: ${message}`, { cause: error });
}
