import type { protos, v1 } from '@google-cloud/aiplatform';
import { pause } from '../../runtime/pause.js';
import { AppError } from '../../errors/app-error.js';
import { ADMIN_POLICY, withRetry, type CallPolicy } from '../../datasources/google/call-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../datasources/google/grpc-status.js';
import { isTerminalState } from '../../datasources/job-store/job-state.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { keyLabel } from './job-labels.js';
import { matchIdempotentJobs } from './find-idempotent-job.js';
import { readVertexJob, type VertexJob } from './vertex-job.js';
import { collectResourceNames, redactResourceNames } from '../../datasources/google/redact-resource-names.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/**
 * How often a job is asked for, and looked for after each time that was not answered. Lists of Vertex AI may lag behind: a
 * job that was created and is not in the list yet would be created again, so looking goes on for some time.
 */
export interface CreatePolicy {
  readonly creations: number;
  readonly maxLookups: number;
  /** Before the first look; doubled before each further one. */
  readonly pauseMs: number;
}

/** 15 seconds of looking after each creation; a minute in all, until a quota of 60 jobs a minute has room again. */
const CREATE_POLICY: CreatePolicy = { creations: 4, maxLookups: 4, pauseMs: 1_000 };

/** How long a gateway waits for Vertex AI's job service. */
export interface VertexJobsPace {
  /** Between two looks at a job. */
  readonly pollMs: { readonly first: number; readonly longest: number };
  readonly callPolicy: CallPolicy;
  readonly createPolicy: CreatePolicy;
}

/** Vertex AI answers 600 questions a minute and project about a job; a job lasts minutes at least. */
export const DEFAULT_PACE: VertexJobsPace = {
  pollMs: { first: 2_000, longest: 30_000 },
  callPolicy: ADMIN_POLICY,
  createPolicy: CREATE_POLICY,
};

/** Jobs under one key that are looked at: there is one, unless a list of Vertex AI once came without it. */
const MAX_JOBS_PER_KEY = 10;

const NOT_CREATED = 'Vertex AI did not take the job. Start it again later.';

/** A job that is to be there once. */
export interface JobQuery {
  readonly parent: string;
  readonly key: string;
  readonly requested: Job;
  /** Told what went wrong and needs nobody: for the log. */
  readonly onTransientError: (error: unknown) => void;
}

export interface JobToCreate extends JobQuery {
  /** Refuses, by throwing, that it is created now; asked only when it is to be. */
  readonly check: () => void;
  /** It may have been created before, by a process that ended: no list is believed at once that does not have it. */
  readonly mayExist: boolean;
  /** Says that no job is wanted any more, and, if it is this process that ends, that nothing is waited for. */
  readonly signal: AbortSignal;
  readonly stopping: AbortSignal;
}

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
    const [job] = await withRetry(this.policy, (timeout) => this.client.getBatchPredictionJob({ name }, { timeout }));
    return readVertexJob(job);
  }

  /** Asks for an end. What has been predicted by then is kept. */
  async cancel(name: string): Promise<void> {
    try {
      await withRetry(this.policy, (timeout) => this.client.cancelBatchPredictionJob({ name }, { timeout }));
    } catch (error) {
      // It ended in the meantime: the next look sees how.
      if (readGrpcCode(error) !== GRPC_STATUS.FAILED_PRECONDITION) throw error;
    }
  }

  /** The job that was created for a request, by whichever gateway. Any made for it after that one is ended here. */
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
   * Creates a job unless there is one for its request. A creation is not repeated blindly: an answer that was lost may have
   * been a yes, so the job is looked for, and for some time, before each further one. When the wish to stop comes first and
   * there is no job, none is created: undefined.
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

  /** Whether there is such a job. One that may be there is looked for until the policy's looks are used up. */
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

/** What a job's owner can do when the gateway cannot say what became of a job. */
export function lookupHint(key: string): string {
  const { name, value } = keyLabel(key);
  return `If it is there it goes on, and is billed: look on Vertex AI for a job with the label ${name}=${value}.`;
}

/** An error that is none of gRPC never left this process. */
function isRefusal(error: unknown): boolean {
  const code = readGrpcCode(error);
  return code === undefined || REFUSALS.has(code);
}

/** What Vertex AI refused, for the job's owner. The engine tells the log the words as they were. */
function refusal(error: unknown, { parent, requested: asked }: JobQuery, whereToLook: string): JobFailure {
  const names = collectResourceNames([parent, asked.model, asked.inputConfig, asked.outputConfig]);
  const message = error instanceof Error ? redactResourceNames(names)(error.message) : 'no reason was given';
  return new JobFailure('VERTEX_REFUSED', `Vertex AI refused the job: ${message}${whereToLook}`, { cause: error });
}
