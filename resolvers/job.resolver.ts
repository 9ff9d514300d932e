import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import { CancelJobInput, CancelJobPayload } from '../schema/job/cancel-job.js';
import { JobFilter } from '../schema/job/job-filter.js';
import { Job, JobConnection, type JobProgress } from '../schema/job/job.js';
import { formatResourceName } from '../schema/resource-name.js';
import type { RequestContext } from './context.js';
import { findJob, parseJobId, jobPage, toJobNotFoundError } from './jobs.js';
import { jobPayload, type JobPayload } from './user-errors.js';

/** What all kinds of jobs have: an object type takes the field resolvers of its interface. */
@Resolver(() => Job)
export class JobResolver {
  @Query(() => Job, { nullable: true, description: 'One job by its id. JOB_NOT_FOUND when there is none.' })
  job(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID, { description: 'Its resource name, "jobs/…".' }) id: string,
  ): Promise<JobRecord> {
    return findJob(context, id);
  }

  @Query(() => JobConnection, { description: 'Jobs, the newest first.', complexity: listComplexity('first') })
  jobs(
    @Ctx() context: RequestContext,
    @Arg('filter', () => JobFilter, { nullable: true, description: 'Which ones. null: all.' })
    filter: JobFilter | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many, at most 100.' })
    first: number | null | undefined,
    @Arg('after', () => String, { nullable: true, description: 'Only those after this cursor.' })
    after: string | null | undefined,
  ): Promise<Connection<JobRecord>> {
    return jobPage(context, { filter, first, after });
  }

  @Mutation(() => CancelJobPayload, {
    description:
      'Asks a job to stop. One that waits ends at once; one that runs keeps what it has done. Asking again changes ' +
      'nothing, and a job that has ended stays as it is.',
  })
  cancelJob(
    @Ctx() context: RequestContext,
    @Arg('input', () => CancelJobInput, { description: 'The job.' }) { id }: CancelJobInput,
  ): Promise<JobPayload<JobRecord>> {
    return jobPayload(async () => context.jobs.cancel((await findJob(context, id)).id));
  }

  @Subscription(() => Job, {
    description:
      'The job as it is now, then each change, at most four a second; completes when the job ends. Whoever comes late, ' +
      'or again, begins with the job as it is then: nothing is lost. JOB_NOT_FOUND when there is no such job.',
    // Each event is an answer of its own.
    complexity: listComplexity(),
    subscribe: async ({ args, context }: { args: { id: string }; context: RequestContext }) => {
      const changes = await context.jobs.follow(parseJobId(args.id, 'id'));
      if (!changes) throw toJobNotFoundError(args.id, 'id');
      return changes;
    },
  })
  jobProgress(
    @Root() job: JobRecord,
    @Arg('id', () => ID, { description: 'The resource name of the job, "jobs/…".' }) _id: string,
  ): JobRecord {
    return job;
  }

  @FieldResolver(() => ID)
  id(@Root() { id }: JobRecord): string {
    return formatResourceName({ kind: 'job', job: id });
  }

  @FieldResolver()
  progress(@Root() job: JobRecord, @Ctx() { jobs }: RequestContext): JobProgress {
    const { completed, failed, total } = job.progress;
    const done = Number(completed + failed);
    // Nothing to do is done.
    const percent = total === null ? null : total === 0n ? 100 : Math.min(100, (100 * done) / Number(total));
    return { completed, failed, total, percent, ...jobs.rate(job) };
  }
}
