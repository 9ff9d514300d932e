import { Arg, Ctx, FieldResolver, Float, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type {
  TrainingSetJobRecord,
  TrainingSetPreviewResult,
  TrainingSetValidationResult,
} from '../training-sets/training-sets.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { listComplexity } from '../schema/complexity.js';
import type { CostEstimate } from '../schema/cost/cost-estimate.js';
import { StartTrainingSetInput, StartTrainingSetPayload, TrainingSetInput } from '../schema/job/start-training-set.js';
import { ValidateTrainingSetInput } from '../schema/job/validate-training-set.js';
import { TrainingSetJob, type TrainingSetOutput } from '../schema/job/training-set-job.js';
import type { TrainingSetJobInput, TrainingSetProvenance } from '../schema/job/training-set-provenance.js';
import { TrainingSetPreview, TrainingSetValidation } from '../schema/job/training-set-validation.js';
import type { RequestContext } from './context.js';
import { pageSize } from './cursor.js';
import { displayNameOf, estimatedCost, stringLabels, toCostTerms, toJobRequest } from './jobs.js';
import { trainingSetJobInput } from './training-set-job-input.js';
import { trainingSetRequest } from './training-set-request.js';
import { withFieldPath } from './field-path.js';
import { jobPayload, type JobPayload } from './user-errors.js';

/** The fields of StartTrainingSetInput itself. All others of a request are fields of its trainingSet. */
const START_FIELDS = new Set(['output', 'idempotencyKey', 'maxCostUsd', 'displayName']);

function startField(field: string): string {
  const [first = ''] = field.split('.');
  return START_FIELDS.has(first) ? field : `trainingSet.${field}`;
}

/** All but one are fields of the argument "input". */
function previewField(field: string): string {
  return field === 'maxCostUsd' ? field : `input.${field}`;
}

/** All but two are fields of the training set. */
function validateField(field: string): string {
  if (field === 'maxCostUsd') return field;
  return field === 'columns' ? 'input.columns' : `input.trainingSet.${field}`;
}

@Resolver(() => TrainingSetJob)
export class TrainingSetResolver {
  @Query(() => TrainingSetPreview, {
    nullable: true,
    description:
      'A training set without a job: its first rows and the checks of all its rows. The labels are at most ' +
      `${formatLimit(REQUEST_LIMITS.maxPreviewLabels)}.`,
    complexity: listComplexity('first'),
  })
  async trainingSetPreview(
    @Ctx() { registry, trainingSets, principal }: RequestContext,
    @Arg('input', () => TrainingSetInput, { description: 'The definition of the training set.' })
    input: TrainingSetInput,
    @Arg('first', () => Int, {
      nullable: true,
      defaultValue: REQUEST_LIMITS.defaultLongPageSize,
      description: `The maximum number of rows in the result, from 0 to ${REQUEST_LIMITS.maxPageSize}.`,
    })
    first: number | null | undefined,
    @Arg('maxCostUsd', () => Float, {
      nullable: true,
      description:
        'The maximum estimated cost in US dollars. A higher estimate is refused with COST_OVER_LIMIT. Null: only ' +
        'the daily budget limits the cost.',
    })
    maxCostUsd: number | null | undefined,
  ): Promise<TrainingSetPreviewResult> {
    const rows = pageSize(first, REQUEST_LIMITS.defaultLongPageSize);
    return withFieldPath(previewField, async () =>
      trainingSets.preview(trainingSetRequest(registry, input), rows, toCostTerms(principal, maxCostUsd)),
    );
  }

  @Query(() => TrainingSetValidation, {
    nullable: true,
    description:
      'The checks of a training set that another program made. The gateway joins its entity ids and times with the history ' +
      `again and compares the values. The training set has at most ${formatLimit(REQUEST_LIMITS.maxValidatedRows)} rows.`,
  })
  validateTrainingSet(
    @Ctx() { registry, trainingSets, principal }: RequestContext,
    @Arg('input', () => ValidateTrainingSetInput, { description: 'The training set and its definition.' })
    { trainingSet, columns }: ValidateTrainingSetInput,
    @Arg('maxCostUsd', () => Float, {
      nullable: true,
      description:
        'The maximum estimated cost in US dollars. A higher estimate is refused with COST_OVER_LIMIT. Null: only ' +
        'the daily budget limits the cost.',
    })
    maxCostUsd: number | null | undefined,
  ): Promise<TrainingSetValidationResult> {
    const mapping = new Map((columns ?? []).map(({ feature, column }) => [feature, column]));
    return withFieldPath(validateField, async () =>
      trainingSets.validate(trainingSetRequest(registry, trainingSet), mapping, toCostTerms(principal, maxCostUsd)),
    );
  }

  @Mutation(() => StartTrainingSetPayload, {
    description: 'Starts a training set job. The gateway stores the job before it returns it.',
  })
  startTrainingSet(
    @Ctx() { registry, trainingSets, principal }: RequestContext,
    @Arg('input', () => StartTrainingSetInput, { description: 'The definition of the training set and the output.' })
    input: StartTrainingSetInput,
  ): Promise<JobPayload<TrainingSetJobRecord>> {
    return jobPayload(async () => {
      const jobLabels = stringLabels(input.labels);
      const origin = toJobRequest(principal, input);
      return withFieldPath(startField, async () =>
        trainingSets.start({
          ...trainingSetRequest(registry, input.trainingSet),
          displayName: displayNameOf(input.displayName ?? null),
          jobLabels,
          output: { format: input.output?.format ?? 'PARQUET', location: input.output?.location ?? null },
          ...origin,
        }),
      );
    });
  }

  @FieldResolver()
  estimatedCost(@Root() job: TrainingSetJobRecord, @Ctx() context: RequestContext): CostEstimate {
    return estimatedCost(context, job);
  }

  @FieldResolver()
  validation(@Root() { result }: TrainingSetJobRecord): TrainingSetValidationResult | null {
    return result?.validation ?? null;
  }

  @FieldResolver()
  output(@Root() { result }: TrainingSetJobRecord): TrainingSetOutput | null {
    return result && { ...result.output, columns: result.columns, rows: result.rows };
  }

  @FieldResolver()
  input(@Root() { spec }: TrainingSetJobRecord): TrainingSetJobInput {
    return trainingSetJobInput(spec);
  }

  @FieldResolver()
  provenance(@Root() { result }: TrainingSetJobRecord): TrainingSetProvenance | null {
    return result?.provenance ?? null;
  }
}
