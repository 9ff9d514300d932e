import type { protos, v1 } from '@google-cloud/aiplatform';
import { pause } from '../../runtime/pause.js';
import { AppError } from '../../errors/app-error.js';
import { ADMIN_POLICY, withRetry, type CallPolicy } from '../../datasources/google/retry-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../datasources/google/grpc-status.js';
import { isTerminalState } from '../../datasources/job-store/job-state.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { keyLabel } from './job-labels.js';
import { matchIdempotentJobs } from './find-idempotent-job.js';
import { readVertexJob, type VertexJob } from './vertex-job.js';
import { collectResourceNames, redactResourceNames } from '../../datasources/google/redact-resource-names.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/**
 * How often a job is created, and searched for after each creation without a response. Lists of Vertex AI may lag
 * behind: a created job that is not listed yet would be created twice, so the search continues for some time.
 */
export interface CreatePolicy {
  readonly creations: number;
  readonly maxLookups: number;
  /** The pause before the first search; it doubles before each further one. */
  readonly pauseMs: number;
}

/**
 * 15 seconds of searching after each creation; a minute in all, until a quota of 60 jobs a minute has capacity again.
 */
const CREATE_POLICY: CreatePolicy = { creations: 4, maxLookups: 4, pauseMs: 1_000 };

/** The timeout of calls to Vertex AI's job service. */
export interface VertexJobsPace {
  /** The interval between two polls of a job. */
  readonly pollMs: { readonly first: number; readonly longest: number };
  readonly callPolicy: CallPolicy;
  readonly createPolicy: CreatePolicy;
}

/** Vertex AI's quota is 600 such requests per minute and project; a job lasts minutes at least. */
export const DEFAULT_PACE: VertexJobsPace = {
  pollMs: { first: 2_000, longest: 30_000 },
  callPolicy: ADMIN_POLICY,
  createPolicy: CREATE_POLICY,
};

/** The maximum number of inspected jobs under one key. There is one, unless a list of Vertex AI once omitted it. */
const MAX_JOBS_PER_KEY = 10;

const NOT_CREATED = 'Vertex AI did not take the job. Start it again later.';

/** A job that must exist exactly once. */
export interface JobQuery {
  readonly parent: string;
  readonly key: string;
  readonly requested: Job;
  /** Receives errors that need no action, for the log. */
  readonly onTransientError: (error: unknown) => void;
}

export interface JobToCreate extends JobQuery {
  /** Throws to refuse the creation; called only immediately before one. */
  readonly check: () => void;
  /** A process that ended may have created it before: one list without the job is no proof. */
  readonly mayExist: boolean;
  /** Aborts when the job is no longer wanted. When this process ends, it also stops all waits. */
  readonly signal: AbortSignal;
  readonly stopping: AbortSignal;
}

/**
 * The errors that only the service itself returns, and only when it did not create the job. Any other status, a broken
 * stream above all, may hide a success whose response was lost.
 */
const REFUSALS = new Set<unknown>([
  GRPC_STATUS.INVALID_ARGUMENT,
  GRPC_STATUS.NOT_FOUND,
  GRPC_STATUS.PERMISSION_DENIED,
  GRPC_STATUS.FAILED_PRECONDITION,
  GRPC_STATUS.UNIMPLEMENTED,
  GRPC_STATUS.UNAUTHENTICATED,
]);

/** Vertex AI's job service for the handler. */
export class VertexJobsClient {
  constructor(
    private readonly client: v1.JobServiceClient,
    private readonly policy: CallPolicy = ADMIN_POLICY,
    private readonly createPolicy: CreatePolicy = CREATE_POLICY,
  ) {}

  async get(name: string): Promise<VertexJob> {
    const [job] = await withRetry(this.policy, (timeout) => this.client.getBatchPredictionJob({ name }, { timeout }));
    return readVertexJob(job);
  }

  /** Requests cancellation. Predictions made by then stay. */
  async cancel(name: string): Promise<void> {
    try {
      await withRetry(this.policy, (timeout) => this.client.cancelBatchPredictionJob({ name }, { timeout }));
    } catch (error) {
      // The job has ended meanwhile: the next poll returns its end state.
      if (readGrpcCode(error) !== GRPC_STATUS.FAILED_PRECONDITION) throw error;
    }
  }

  /** The job that any gateway created for a request. Later duplicates are cancelled here. */
  async find({ parent, key, requested: asked, onTransientError: onTrouble }: JobQuery): Promise<VertexJob | undefined> {
    const { name, value } = keyLabel(key);
    const request = { parent, filter: `labels.${name}="${value}"`, pageSize: MAX_JOBS_PER_KEY };
    const [jobs] = await withRetry(this.policy, (timeout) =>
      this.client.listBatchPredictionJobs(request, { timeout, autoPaginate: false }),
    );
    const { original: kept, duplicates: doubles } = matchIdempotentJobs(jobs, asked);
    for (const double of doubles.map((job) => readVertexJob(job))) {
      if (isTerminalState(double.state) || double.state === 'CANCELLING') continue;
      onTrouble(new Error(`Vertex AI has two jobs for one request: ${double.name} is the younger and is cancelled.`));
      await this.cancel(double.name).catch(onTrouble);
    }
    return kept && readVertexJob(kept);
  }

  /**
   * Creates a job unless one exists for its request. It does not simply repeat a creation: a lost response may have
   * been a success, so it searches for the job for some time before each further attempt. If the stop request comes
   * first and no job exists, it creates none and returns undefined.
   */
  async ensure(job: JobToCreate): Promise<VertexJob | undefined> {
    const { parent, requested: asked, check, signal } = job;
    let unanswered: unknown;
    for (let creation = 1; ; creation += 1) {
      const found = await this.#findByKey(job, unanswered);
      if (found || signal.aborted) return found;
      if (creation > this.createPolicy.creations) {
        throw new JobFailure('VERTEX_UNAVAILABLE', NOT_CREATED, { cause: unanswered });
      }
      check();
      try {
        const request = { parent, batchPredictionJob: asked };
        const [created] = await this.client.createBatchPredictionJob(request, { timeout: this.policy.attemptMs });
        return readVertexJob(created);
      } catch (error) {
        if (isRefusal(error)) throw refusal(error, job, unanswered ? ` ${lookupHint(job.key)}` : '');
        unanswered = error;
      }
    }
  }

  /** Whether such a job exists. It searches for a possible job until the policy's attempts are used up. */
  async #findByKey(job: JobToCreate, unanswered: unknown): Promise<VertexJob | undefined> {
    const { maxLookups: looks, pauseMs } = this.createPolicy;
    const mayBeThere = job.mayExist || unanswered !== undefined;
    for (let look = unanswered ? 1 : 0; ; look += 1) {
      if (look > 0) await pause(pauseMs * 2 ** (look - 1), job.stopping);
      const isLast = look >= looks || job.stopping.aborted;
      try {
        const found = await this.find(job);
        if (found || isLast || !mayBeThere) return found;
      } catch (error) {
        if (error instanceof AppError) throw error;
        const where = mayBeThere ? ` ${lookupHint(job.key)}` : '';
        if (isRefusal(error)) throw refusal(error, job, where);
        if (!isLast) continue;
        const message = mayBeThere
          ? `Vertex AI does not answer: whether it took the job is not known.${where}`
          : NOT_CREATED;
        throw new JobFailure('VERTEX_UNAVAILABLE', message, { cause: error });
      }
    }
  }
}

/** What a job's owner can do when the gateway cannot determine the job's result. */
export function lookupHint(key: string): string {
  const { name, value } = keyLabel(key);
  return `If it is there it goes on, and is billed: look on Vertex AI for a job with the label ${name}=${value}.`;
}

/** An error without a gRPC status never left this process. */
function isRefusal(error: unknown): boolean {
  const code = readGrpcCode(error);
  return code === undefined || REFUSALS.has(code);
}

/** Vertex AI's refusal, for the job's owner. The engine logs the original message. */
function refusal(error: unknown, { parent, requested: asked }: JobQuery, whereToLook: string): JobFailure {
  const names = collectResourceNames([parent, asked.model, asked.inputConfig, asked.outputConfig]);
  const message = error instanceof Error ? redactResourceNames(names)(error.message) : 'no reason was given';
  return new JobFailure('VERTEX_REFUSED', `Vertex AI refused the job: ${message}${whereToLook}`, { cause: error });
}
