import type { AuditTrail } from '../auth/audit/audit-trail.js';
import type { BatchInstances } from '../schema/job/batch-instances.js';
import { checkJob } from '../auth/policy/permission.js';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { AFTER_ARGUMENT, firstArgument } from '../schema/arguments.js';
import {
  BATCH_PREDICTION,
  type BatchPredictionJobRecord,
  type PredictionFailureRow,
  type PredictionRow,
  type ResultRange,
} from '../batch-prediction/batch-predictions.js';
import { jobCostSoFar } from '../costs/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import { AppError, badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import type { CostEstimate, Money } from '../schema/cost/cost-estimate.js';
import {
  BatchPredictionJob,
  BatchPredictionJobConnection,
  type BatchInput,
  type BatchOutput,
  type BatchResources,
} from '../schema/job/batch-prediction-job.js';
import { JobFilter } from '../schema/job/job-filter.js';
import { MetricInput, type Metric } from '../schema/job/prediction.js';
import {
  RetryFailedInstancesInput,
  RetryFailedInstancesPayload,
  StartBatchPredictionInput,
  StartBatchPredictionPayload,
} from '../schema/job/start-batch-prediction.js';
import { formatResourceName } from '../schema/resource-name.js';
import { batchPredictionRequest } from './batch-prediction-request.js';
import type { RequestContext } from './context.js';
import { money } from './costs.js';
import { decodeCursor, encodeCursor, pageSize } from './cursor.js';
import { shownFileOptions } from './file-options.js';
import { estimatedCost, findBatchPredictionJob, toJobRequest, jobPage } from './jobs.js';
import type { WithJob } from './output-statistics.resolver.js';
import { connection, type PageArguments } from './page.js';
import { jobPayload, type JobPayload } from './user-errors.js';

/** Each metric is a pass over all predictions of a job. */
@Resolver(() => BatchPredictionJob)
export class BatchPredictionResolver {
  @Query(() => BatchPredictionJob, {
    nullable: true,
    description:
      'The batch prediction job with this id. If there is none, or the job is of another kind, the field is null ' +
      'with the error JOB_NOT_FOUND.',
  })
  batchPredictionJob(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID, { description: 'The id of the job, "jobs/…".' }) id: string,
  ): Promise<BatchPredictionJobRecord> {
    return findBatchPredictionJob(context, id);
  }

  @Query(() => BatchPredictionJobConnection, {
    description: 'Batch prediction jobs, newest first.',
    complexity: listComplexity('first'),
  })
  batchPredictionJobs(
    @Ctx() context: RequestContext,
    @Arg('filter', () => JobFilter, { nullable: true, description: 'A filter. Null: all batch prediction jobs.' })
    filter: JobFilter | null | undefined,
    @Arg('first', () => Int, firstArgument())
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Promise<Connection<JobRecord>> {
    return jobPage(context, { filter, first, after }, [BATCH_PREDICTION]);
  }

  @Mutation(() => StartBatchPredictionPayload, {
    description: 'Starts a batch prediction job. The gateway stores the job before it returns it.',
  })
  startBatchPrediction(
    @Ctx() context: RequestContext,
    @Arg('input', () => StartBatchPredictionInput, { description: 'The model, the source and the output.' })
    input: StartBatchPredictionInput,
  ): Promise<JobPayload<BatchPredictionJobRecord>> {
    return jobPayload(context.audit, { action: 'BATCH_PREDICTION' }, async () =>
      context.batchPredictions.start(await batchPredictionRequest(context, input)),
    );
  }

  @Mutation(() => RetryFailedInstancesPayload, {
    description:
      'Starts a job that predicts again for the failed instances of a job that has ended. Model, parameters and ' +
      'resources are those of that job.',
  })
  retryFailedInstances(
    @Ctx() context: RequestContext,
    @Arg('input', () => RetryFailedInstancesInput, {
      description: 'The job whose failed instances are predicted again.',
    })
    input: RetryFailedInstancesInput,
  ): Promise<JobPayload<BatchPredictionJobRecord>> {
    return jobPayload(context.audit, { action: 'BATCH_PREDICTION' }, async () => {
      const job = await findBatchPredictionJob(context, input.id);
      const permission = context.access.batchPrediction(job.spec.model);
      const maxCostUsd = checkJob(permission, input.maxCostUsd ?? null, 'use the model of this job', 'id');
      const request = toJobRequest(context.principal, {
        idempotencyKey: input.idempotencyKey,
        maxCostUsd,
        cancelAboveUsd: input.cancelAboveUsd,
      });
      return context.batchPredictions.retryFailed(job, request).catch((error: unknown) => {
        // The port calls the argument "job", the input calls it "id".
        if (!(error instanceof AppError) || error.details.field !== 'job') throw error;
        throw new AppError(error.code, error.message, { ...error.details, field: 'id' });
      });
    });
  }

  @FieldResolver()
  displayName(@Root() { id, displayName }: BatchPredictionJobRecord): string {
    return displayName ?? id;
  }

  @FieldResolver()
  model(@Root() { spec }: BatchPredictionJobRecord, @Ctx() { registry }: RequestContext): Model {
    // The current model. If the registry no longer has it: the model as of the start of the job.
    return registry.models.find(({ name }) => name === spec.model) ?? spec.modelSnapshot;
  }

  @FieldResolver()
  input(@Root() { spec: { input } }: BatchPredictionJobRecord): BatchInput {
    return {
      kind: input.kind,
      trainingSetJob: input.kind === 'TRAINING_SET' ? formatResourceName({ kind: 'job', job: input.job }) : null,
      table: input.kind === 'TABLE' ? input.table : null,
      files: input.kind === 'FILES' || input.kind === 'INSTANCE_FILES' ? input.files : null,
      instanceFileFormat: input.kind === 'INSTANCE_FILES' ? input.format : null,
      format: input.kind === 'FILES' ? input.format : null,
      fileOptions: input.kind === 'FILES' ? shownFileOptions(input.options) : null,
    };
  }

  @FieldResolver()
  instances(@Root() { spec }: BatchPredictionJobRecord): BatchInstances | null {
    return spec.instances ?? null;
  }

  @FieldResolver()
  output(@Root() job: BatchPredictionJobRecord): BatchOutput & WithJob<BatchPredictionJobRecord> {
    const { spec, result } = job;
    return {
      job,
      ...spec.output,
      predictions: result?.predictions ?? null,
      failures: result?.failures ?? null,
      isPartial: result?.isPartial ?? false,
    };
  }

  @FieldResolver()
  parameters(@Root() { spec }: BatchPredictionJobRecord): unknown {
    return spec.parameters;
  }

  @FieldResolver()
  resources(@Root() { spec }: BatchPredictionJobRecord): BatchResources {
    return spec.resources;
  }

  @FieldResolver()
  estimatedCost(@Root() job: BatchPredictionJobRecord, @Ctx() context: RequestContext): CostEstimate {
    return estimatedCost(context, job);
  }

  @FieldResolver()
  costSoFar(@Root() job: BatchPredictionJobRecord, @Ctx() { jobs, costs }: RequestContext): Money | null {
    const cost = job.cost && jobCostSoFar(costs.estimator, job.cost, jobs.replicaHours(job));
    return cost && money(cost.book, cost.total);
  }

  @FieldResolver({ complexity: listComplexity('first') })
  predictions(
    @Root() job: BatchPredictionJobRecord,
    @Ctx() { batchPredictions, audit }: RequestContext,
    @Arg('first', () => Int, firstArgument())
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Promise<Connection<PredictionRow>> {
    noteResults(audit, job);
    return instancePage(`jobs/${job.id}/predictions`, { first, after }, (range) =>
      batchPredictions.predictions(job, range),
    );
  }

  @FieldResolver({ complexity: listComplexity('first') })
  failures(
    @Root() job: BatchPredictionJobRecord,
    @Ctx() { batchPredictions, audit }: RequestContext,
    @Arg('first', () => Int, firstArgument())
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Promise<Connection<PredictionFailureRow>> {
    noteResults(audit, job);
    return instancePage(`jobs/${job.id}/failures`, { first, after }, (range) => batchPredictions.failures(job, range));
  }

  @FieldResolver({ complexity: listComplexity('of') })
  async metrics(
    @Root() job: BatchPredictionJobRecord,
    @Ctx() { batchPredictions, audit }: RequestContext,
    @Arg('of', () => [MetricInput], { description: `The aggregates to compute, at most ${REQUEST_LIMITS.maxMetrics}.` })
    of: MetricInput[],
  ): Promise<Metric[]> {
    noteResults(audit, job);
    const { maxMetrics } = REQUEST_LIMITS;
    if (of.length > maxMetrics)
      throw badInput(`"of" has ${of.length} metrics. One request computes at most ${maxMetrics}.`, 'of');
    const asked = of.map(({ metric, field, over }) => ({ metric, field, over: over ?? null }));
    const values = asked.length === 0 ? [] : await batchPredictions.metrics(job, asked);
    return asked.map((request, index) => ({ ...request, value: values[index] ?? null }));
  }
}

function noteResults(audit: AuditTrail, { id }: BatchPredictionJobRecord): void {
  audit.add({ action: 'READ_RESULTS', decision: 'ALLOWED', job: `jobs/${id}` });
}

/** A page of results. The cursor is the number of the last instance of the page. */
async function instancePage<Row extends { readonly instanceNumber: bigint }>(
  list: string,
  { first, after }: PageArguments,
  read: (range: ResultRange) => Promise<readonly Row[]>,
): Promise<Connection<Row>> {
  const size = pageSize(first);
  const last = after === null || after === undefined ? null : BigInt(decodeCursor(list, after, isInstanceNumber));
  // One more row tells whether there is a next page.
  const rows = await read({ after: last, limit: size + 1 });
  return connection(rows.slice(0, size), ({ instanceNumber }) => encodeCursor(list, String(instanceNumber)), {
    hasNextPage: rows.length > size,
    hasPreviousPage: last !== null,
  });
}

function isInstanceNumber(key: string): boolean {
  return /^\d{1,18}$/.test(key);
}
