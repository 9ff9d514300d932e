import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { AFTER_ARGUMENT, firstArgument } from '../schema/arguments.js';
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

/** The fields of all kinds of jobs: object types inherit the field resolvers of their interface. */
@Resolver(() => Job)
export class JobResolver {
  @Query(() => Job, {
    nullable: true,
    description: 'The job with this id. If there is none, the field is null with the error JOB_NOT_FOUND.',
  })
  job(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID, { description: 'The id of the job, "jobs/…".' }) id: string,
  ): Promise<JobRecord> {
    return findJob(context, id);
  }

  @Query(() => JobConnection, { description: 'Jobs of all kinds, newest first.', complexity: listComplexity('first') })
  jobs(
    @Ctx() context: RequestContext,
    @Arg('filter', () => JobFilter, { nullable: true, description: 'A filter. Null: all jobs.' })
    filter: JobFilter | null | undefined,
    @Arg('first', () => Int, firstArgument())
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Promise<Connection<JobRecord>> {
    return jobPage(context, { filter, first, after });
  }

  @Mutation(() => CancelJobPayload, {
    description:
      'Cancels a job. A queued job ends at once. A running job stops soon and keeps its partial result. A second ' +
      'request, or a request for a job that has ended, changes nothing.',
  })
  cancelJob(
    @Ctx() context: RequestContext,
    @Arg('input', () => CancelJobInput, { description: 'The job to cancel.' }) { id }: CancelJobInput,
  ): Promise<JobPayload<JobRecord>> {
    return jobPayload(context.audit, { action: 'CANCEL_JOB' }, async () =>
      context.jobs.cancel((await findJob(context, id)).id),
    );
  }

  @Subscription(() => Job, {
    description:
      'The current state of a job, then each change, at most four per second. The stream completes when the job ' +
      'ends. A client that connects late, or again, first gets the current state. If there is no such job, the ' +
      'error is JOB_NOT_FOUND.',
    // Each event is a separate answer.
    complexity: listComplexity(),
    subscribe: async ({ args, context }: { args: { id: string }; context: RequestContext }) => {
      const id = parseJobId(args.id, 'id');
      return context.audit.run({ action: 'READ_JOB', job: `jobs/${id}` }, async () => {
        const changes = await context.jobs.follow(id);
        if (!changes) throw toJobNotFoundError(args.id, 'id');
        return changes;
      });
    },
  })
  jobProgress(
    @Ctx() { access }: RequestContext,
    @Root() job: JobRecord,
    @Arg('id', () => ID, { description: 'The id of the job, "jobs/…".' }) id: string,
  ): JobRecord {
    // Each event has the policy of its moment.
    if (!access.maySeeJobOf(job.createdBy)) throw toJobNotFoundError(id, 'id');
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
    // A job without items is complete.
    const percent = total === null ? null : total === 0n ? 100 : Math.min(100, (100 * done) / Number(total));
    return { completed, failed, total, percent, ...jobs.rate(job) };
  }
}
