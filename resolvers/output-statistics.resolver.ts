import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { BatchPredictionJobRecord } from '../batch-prediction/batch-predictions.js';
import { badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { statisticsComplexity } from '../schema/complexity.js';
import { BatchOutput } from '../schema/job/batch-prediction-job.js';
import {
  ColumnDrift,
  ColumnStatistics,
  ColumnStatisticsArguments,
  JobDriftArguments,
  ServingDriftArguments,
} from '../schema/job/column-statistics.js';
import { TrainingSetOutput } from '../schema/job/training-set-job.js';
import { isComparedType, MAX_CATEGORIES } from '../statistics/compare-distributions.js';
import type { ColumnDistributions, ComparedWith, OutputStatisticsRequest } from '../statistics/output-statistics.js';
import type { TrainingSetJobRecord } from '../training-sets/training-sets.js';
import type { RequestContext } from './context.js';
import { driftOf } from './drift.resolver.js';
import { findBatchPredictionJob, toCostTerms } from './jobs.js';
import { inLimit, statisticsRequest } from './statistics-request.js';
import { featureStatistics } from './statistics.resolver.js';
import { checkColumns, featuresByColumn } from './training-set-columns.js';

/** The outputs of a job carry its record, because their fields compute from it. */
export interface WithJob<Job> {
  readonly job: Job;
}

const { defaultTopValues, defaultHistogramBins, maxTopValues, maxHistogramBins, maxMeasuredColumns } = REQUEST_LIMITS;

const STATISTICS = {
  nullable: true,
  description:
    'Statistics of the columns, computed from the output. Parquet files and tables of this gateway have them. A column of a ' +
    'training set is refused with PERMISSION_DENIED unless the client may read it now: a feature, or the labels.',
  complexity: statisticsComplexity,
};

@Resolver(() => TrainingSetOutput)
export class TrainingSetStatisticsResolver {
  @FieldResolver(() => [ColumnStatistics], STATISTICS)
  statistics(
    @Ctx() context: RequestContext,
    @Root() { job }: WithJob<TrainingSetJobRecord>,
    @Args(() => ColumnStatisticsArguments) wanted: ColumnStatisticsArguments,
  ): Promise<ColumnStatistics[]> {
    return columnStatistics(context, outputRequest(job, wanted, checkColumns(context, job)), wanted);
  }

  @FieldResolver(() => [ColumnDrift], {
    nullable: true,
    description:
      'How far the values of the features in a range of event time, which reads are served from, are from those in the ' +
      'training set, which is the baseline. By default, of all columns of features that can be compared. The client must be ' +
      'permitted to read these features of all entities.',
    complexity: statisticsComplexity,
  })
  async drift(
    @Ctx() context: RequestContext,
    @Root() { job }: WithJob<TrainingSetJobRecord>,
    @Args(() => ServingDriftArguments) { range, ...wanted }: ServingDriftArguments,
  ): Promise<ColumnDrift[]> {
    const features = featuresByColumn(context, job);
    const columns =
      wanted.columns ?? [...features].filter(([, { valueType }]) => isComparedType(valueType)).map(([name]) => name);
    const readOf = (column: string) => {
      const feature = features.get(column);
      if (!feature) throw badInput(`The column "${column}" is not a feature that the registry has.`, 'columns');
      return statisticsRequest(context, feature, { ranges: [{ field: 'range', range }], bins: wanted.bins });
    };
    const request = outputRequest(job, { ...wanted, columns }, checkColumns(context, job));
    const compared: ComparedWith = { kind: 'HISTORY', readOf };
    return columnDrift(context, request, compared, wanted, (column) => features.get(column)?.driftThreshold ?? null);
  }
}

@Resolver(() => BatchOutput)
export class BatchOutputStatisticsResolver {
  @FieldResolver(() => [ColumnStatistics], STATISTICS)
  statistics(
    @Ctx() context: RequestContext,
    @Root() { job }: WithJob<BatchPredictionJobRecord>,
    @Args(() => ColumnStatisticsArguments) wanted: ColumnStatisticsArguments,
  ): Promise<ColumnStatistics[]> {
    return columnStatistics(
      context,
      outputRequest(job, wanted, () => undefined),
      wanted,
    );
  }

  @FieldResolver(() => [ColumnDrift], {
    nullable: true,
    description:
      'How far the predictions are from those of another job, the baseline. Null `columns`: those that both jobs have, with ' +
      'the same value type, and that can be compared.',
    complexity: statisticsComplexity,
  })
  async drift(
    @Ctx() context: RequestContext,
    @Root() { job }: WithJob<BatchPredictionJobRecord>,
    @Args(() => JobDriftArguments) { baselineJob, ...wanted }: JobDriftArguments,
  ): Promise<ColumnDrift[]> {
    const baseline = await findBatchPredictionJob(context, baselineJob, 'baselineJob');
    context.audit.add({ action: 'READ_RESULTS', decision: 'ALLOWED', job: `jobs/${baseline.id}` });
    const compared: ComparedWith = { kind: 'BASELINE_JOB', job: baseline, field: 'baselineJob' };
    return columnDrift(
      context,
      outputRequest(job, wanted, () => undefined),
      compared,
      wanted,
      () => null,
    );
  }
}

interface WantedColumns {
  readonly columns?: readonly string[] | null;
  readonly bins?: number | null;
  readonly topValues?: number | null;
}

function outputRequest(
  job: OutputStatisticsRequest['job'],
  { columns = null, bins, topValues }: WantedColumns,
  checkColumn: OutputStatisticsRequest['checkColumn'],
): OutputStatisticsRequest {
  if ((columns?.length ?? 0) > maxMeasuredColumns) {
    throw badInput(
      `"columns" has ${columns!.length} names, and at most ${formatLimit(maxMeasuredColumns)}. Ask again for the others.`,
      'columns',
    );
  }
  return {
    job,
    columns,
    checkColumn,
    maxColumns: maxMeasuredColumns,
    bins: inLimit(bins ?? defaultHistogramBins, maxHistogramBins, 'bins'),
    topValues: inLimit(topValues ?? defaultTopValues, maxTopValues, 'topValues'),
  };
}

async function columnStatistics(
  context: RequestContext,
  request: OutputStatisticsRequest,
  { maxCostUsd }: ColumnStatisticsArguments,
): Promise<ColumnStatistics[]> {
  noteRead(context, request);
  const found = await context.outputStatistics.compute(request, toCostTerms(context.principal, maxCostUsd));
  return found.map((result) => ({
    column: result.column,
    valueType: result.valueType,
    statistics: featureStatistics(measured(result), request.topValues, {
      ...result,
      hasApproximateQuantiles: false,
    }),
  }));
}

async function columnDrift(
  context: RequestContext,
  request: OutputStatisticsRequest,
  compared: ComparedWith,
  { metric, threshold, maxCostUsd }: Pick<JobDriftArguments, 'metric' | 'threshold' | 'maxCostUsd'>,
  thresholdOf: (column: string) => number | null,
): Promise<ColumnDrift[]> {
  noteRead(context, request);
  const terms = toCostTerms(context.principal, maxCostUsd);
  const wanted = { ...request, topValues: MAX_CATEGORIES };
  const found = await context.outputStatistics.compare(wanted, compared, terms);
  return found
    .filter(({ valueType }) => request.columns !== null || isComparedType(valueType))
    .map((result) => {
      const values = { ...measured(result), driftThreshold: thresholdOf(result.column) };
      return { column: result.column, drift: driftOf(values, { metric, threshold }, result) };
    });
}

/** A column as the values that were measured of it. */
function measured({ column, valueType }: ColumnDistributions) {
  return { name: column, valueType: valueType ?? 'STRUCT' } as const;
}

function noteRead({ audit }: RequestContext, { job }: OutputStatisticsRequest): void {
  audit.add({ action: 'READ_RESULTS', decision: 'ALLOWED', job: `jobs/${job.id}` });
}
