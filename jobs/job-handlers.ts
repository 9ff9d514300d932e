import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { Instant } from '../values/instant.js';
import { JobFailure } from './job-failure.js';
import type { JobHandler } from './job-handler.js';

/** The handlers of a gateway, by the name that each job's record contains. */
export class JobHandlers {
  readonly #handlers = new Map<string, JobHandler>();

  constructor(handlers: readonly JobHandler[]) {
    for (const handler of handlers) {
      const { handler: name } = handler.type;
      if (this.#handlers.has(name)) throw new Error(`two job handlers are called ${name}`);
      this.#handlers.set(name, handler);
    }
  }

  has({ type }: JobHandler): boolean {
    return this.#handlers.has(type.handler);
  }

  /** undefined for a job whose handler this gateway lacks: another version or another registry started it. */
  find(job: JobRecord): JobHandler | undefined {
    return this.#handlers.get(job.handler);
  }

  get(job: JobRecord): JobHandler {
    const handler = this.find(job);
    if (handler) return handler;
    throw new JobFailure('UNKNOWN_KIND', `This gateway does not run jobs of kind ${job.kind}.`);
  }

  /**
   * Whether this process can run a job that another one started: it knows the handler, and has what the gateways share for it.
   */
  canTake(job: JobRecord): boolean {
    const handler = this.find(job);
    return handler !== undefined && handler.boundToMachine === undefined;
  }

  isRemote(job: JobRecord): boolean {
    return this.find(job)?.isRemote ?? false;
  }

  replicaHours(job: JobRecord, now: Instant): number | null {
    return this.find(job)?.replicaHours?.(job, now) ?? null;
  }

  replicaHoursSoFar(job: JobRecord, now: Instant): number | null {
    return this.find(job)?.replicaHoursSoFar?.(job, now) ?? this.replicaHours(job, now);
  }
}
