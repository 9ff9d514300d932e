import { setTimeout as sleep } from 'node:timers/promises';
import type { protos, v1 } from '@google-cloud/aiplatform';
import { AppError } from '../../../errors/app-error.js';
import { ADMIN_POLICY, GRPC_STATUS, grpcCodeOf, retrying, type CallPolicy } from '../../vertex/call-policy.js';
import { JobFailure } from '../job.js';
import { keyLabel } from './job-request.js';
import { readVertexJob, withoutResources, type VertexJob } from './vertex-job.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** How often a creation whose answer was lost is looked for and tried again, and the pause before the first time. */
export interface CreatePolicy {
  readonly attempts: number;
  readonly pauseMs: number;
}

/** A minute in all: as long as it takes until a quota of 60 jobs a minute has room again. */
const CREATE_POLICY: CreatePolicy = { attempts: 6, pauseMs: 1_000 };

/** Jobs under one key that are looked at: there is one, unless a list of Vertex AI once came without it. */
const MOST_OF_A_KEY = 10;

/**
 * What only the service itself says, and only of a job that it did not make. Any other status, and a stream that was cut
 * off above all, may stand for a yes that was lost on its way.
 */
const REFUSALS = new Set<unknown>([
  GRPC_STATUS.INVALID_ARGUMENT,
  GRPC_STATUS.NOT_FOUND,
  GRPC_STATUS.PERMISSION_DENIED,
  GRPC_STATUS.FAILED_PRECONDITION,
  GRPC_STATUS.UNIMPLEMENTED,
  GRPC_STATUS.UNAUTHENTICATED,
]);

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
      if (grpcCodeOf(error) !== GRPC_STATUS.FAILED_PRECONDITION) throw error;
    }
  }

  /** The jobs that were created under a key, by whichever gateway; the newest first. */
  async findAll(parent: string, key: string): Promise<VertexJob[]> {
    const { name, value } = keyLabel(key);
    const request = { parent, filter: `labels.${name}="${value}"`, pageSize: MOST_OF_A_KEY };
    const [jobs] = await retrying(this.policy, (timeout) =>
      this.client.listBatchPredictionJobs(request, { timeout, autoPaginate: false }),
    );
    return jobs.map((job) => readVertexJob(job));
  }

  /**
   * Creates a job unless there is one of its key. A creation is not repeated blindly: an answer that was lost may have been
   * a yes, so the job is looked for before each further attempt. When the wish to stop comes first and there is no job,
   * none is created: undefined. `job` is asked only when one is to be created, and may refuse.
   */
  async ensure(parent: string, key: string, job: () => Job, signal: AbortSignal): Promise<VertexJob | undefined> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const [existing] = await this.findAll(parent, key);
        if (existing || signal.aborted) return existing;
        const request = { parent, batchPredictionJob: job() };
        const [created] = await this.client.createBatchPredictionJob(request, { timeout: this.policy.attemptMs });
        return readVertexJob(created);
      } catch (error) {
        if (error instanceof AppError) throw error;
        const code = grpcCodeOf(error);
        if (code === undefined || REFUSALS.has(code)) throw refusal(error, attempt > 0 ? ` ${whereToLook(key)}` : '');
        if (attempt >= this.createPolicy.attempts) return this.#lastLook(parent, key, error);
        await sleep(this.createPolicy.pauseMs * 2 ** attempt, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** The answer to the last attempt may have been lost too. */
  async #lastLook(parent: string, key: string, cause: unknown): Promise<VertexJob> {
    const found = await this.findAll(parent, key).catch(() => undefined);
    if (found?.[0]) return found[0];
    const message = found
      ? 'Vertex AI did not take the job. Start it again later.'
      : `Vertex AI does not answer: whether it took the job is not known. ${whereToLook(key)}`;
    throw new JobFailure('VERTEX_UNAVAILABLE', message, { cause });
  }
}

/** What a job's owner can do when the gateway cannot say what became of a job. */
export function whereToLook(key: string): string {
  const { name, value } = keyLabel(key);
  return `If it is there it goes on, and is billed: look on Vertex AI for a job with the label ${name}=${value}.`;
}

/** What Vertex AI refused, for the job's owner: the words of Vertex AI, without names of resources. */
function refusal(error: unknown, whereToLook: string): JobFailure {
  const message = error instanceof Error ? withoutResources(error.message) : 'no reason was given';
  return new JobFailure('VERTEX_REFUSED', `Vertex AI refused the job: ${message}${whereToLook}`, { cause: error });
}
