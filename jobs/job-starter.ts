import type { JobCost } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import { AppError, badInput } from '../errors/app-error.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import type { Accounting } from './accounting.js';
import type { JobHandler, JobPlan } from './job-handler.js';
import type { JobRequest } from './job-request.js';
import type { JobType } from './job-type.js';
import { adoptedJob, newJob, type AdoptedJob } from './new-job.js';
import { isSameRequest } from './same-request.js';

export interface JobStarterOptions {
  readonly store: JobStore;
  readonly clock: Clock;
  /** Creates ids that sort by time: the current time or a given one. */
  readonly newId: (at?: Instant) => string;
  /** Absent: jobs cost nothing. */
  readonly accounting?: Accounting;
}

export interface StartedJob {
  readonly record: JobRecord;
  /** false: an earlier request with the same idempotency key started it. */
  readonly isNew: boolean;
}

/** Converts a request to a job: plans, checks and admits it by its cost, then stores it; once per idempotency key. */
export class JobStarter {
  constructor(private readonly options: JobStarterOptions) {}

  /** BAD_USER_INPUT for a key that was used for a different request: the old job does different work. */
  async start<Request extends JobRequest, Spec>(
    handler: JobHandler<Request, Spec>,
    request: Request,
  ): Promise<StartedJob> {
    const { store, clock, newId, accounting } = this.options;
    const plan = await handler.plan(request);
    const earlier = await this.#findEarlier(handler, request);
    if (earlier) return { record: requireSameRequest(handler, plan, earlier), isNew: false };
    await plan.check?.();
    const cost = await this.#admit(plan, request);
    const record = newJob(handler.type, plan, request, { id: newId(), createdAt: clock(), cost });
    const release = async () => cost && accounting?.release(cost);
    const kept = await store.create(record).catch(async (error: unknown) => {
      // A store that did not answer may have stored the job, and its cost must stay reserved.
      if (!(error instanceof AppError && error.code === 'STORE_UNAVAILABLE')) await release();
      throw error;
    });
    if (kept.id === record.id) return { record: kept, isNew: true };
    await release();
    return { record: requireSameRequest(handler, plan, kept), isNew: false };
  }

  /** Stores work that began outside the gateway as a job with its original time, once. */
  async adopt<Spec, Checkpoint, Result>(
    type: JobType<Spec, Checkpoint, Result>,
    job: AdoptedJob<Spec, Checkpoint, Result>,
  ): Promise<JobRecord> {
    const { store, newId } = this.options;
    return store.create(adoptedJob(type, job, newId(job.createdAt)));
  }

  async #findEarlier<Request extends JobRequest, Spec>(
    { type: { kind } }: JobHandler<Request, Spec>,
    { createdBy, idempotencyKey }: JobRequest,
  ): Promise<JobRecord | undefined> {
    if (idempotencyKey === null) return undefined;
    return this.options.store.findByIdempotencyKey({ kind, createdBy, idempotencyKey });
  }

  async #admit({ work }: JobPlan<unknown>, request: JobRequest): Promise<JobCost | null> {
    const { accounting } = this.options;
    return accounting && work ? accounting.admit(await work(), request) : null;
  }
}

function requireSameRequest<Request extends JobRequest, Spec>(
  handler: JobHandler<Request, Spec>,
  plan: JobPlan<Spec>,
  earlier: JobRecord,
): JobRecord {
  if (isSameRequest(handler, plan, earlier)) return earlier;
  throw badInput(
    'This idempotency key was used before, to start another job. Use a new key for a new job, or send the same request again.',
    'idempotencyKey',
  );
}
