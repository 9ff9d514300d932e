import type { Access } from '../auth/policy/access.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { AppError } from '../errors/app-error.js';
import type { JobEngine } from '../jobs/job-engine.js';

/** What a request may do with the jobs of the engine. */
export type VisibleJobs = Pick<JobEngine, 'get' | 'list' | 'cancel' | 'follow' | 'rate' | 'replicaHours'>;

/**
 * The jobs that a principal may see. Another's job does not exist: every method answers as for an unknown id, so no
 * answer tells whether there is such a job.
 */
export function visibleJobs(engine: JobEngine, access: Access): VisibleJobs {
  return access.isUnrestricted ? engine : new JobsOfPrincipal(engine, access);
}

/** The filter of lists of jobs. */
export function visibleTo(access: Access): (job: JobRecord) => boolean {
  return ({ createdBy }) => access.maySeeJobOf(createdBy);
}

class JobsOfPrincipal implements VisibleJobs {
  constructor(
    private readonly engine: JobEngine,
    private readonly access: Access,
  ) {}

  async get(id: string): Promise<JobRecord | undefined> {
    const job = await this.engine.get(id);
    return job && this.access.maySeeJobOf(job.createdBy) ? job : undefined;
  }

  list({ filter, ...page }: Parameters<JobEngine['list']>[0]): Promise<JobRecord[]> {
    return this.engine.list({ filter: { ...filter, isVisible: visibleTo(this.access) }, ...page });
  }

  async cancel(id: string): Promise<JobRecord> {
    const job = await this.get(id);
    if (!job) throw new AppError('JOB_NOT_FOUND', `There is no job "${id}".`, { field: 'id' });
    if (!this.access.mayCancelJobOf(job.createdBy)) {
      throw new AppError('PERMISSION_DENIED', 'You may see this job, and not cancel it.', { field: 'id' });
    }
    return this.engine.cancel(id);
  }

  async follow(id: string): Promise<AsyncIterableIterator<JobRecord, undefined> | undefined> {
    return (await this.get(id)) && this.engine.follow(id);
  }

  rate(job: JobRecord): ReturnType<JobEngine['rate']> {
    return this.engine.rate(job);
  }

  replicaHours(job: JobRecord): number | null {
    return this.engine.replicaHours(job);
  }
}
