import { Arg, Ctx, FieldResolver, Float, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { checkOutput } from '../auth/policy/permission.js';
import type { CostTerms } from '../jobs/job-request.js';
import type {
  LeftOutFeature,
  TrainingSetJobRecord,
  TrainingSetPreviewResult,
  TrainingSetRequest,
  TrainingSetValidationResult,
} from '../training-sets/training-sets.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { previewComplexity, validationComplexity } from '../schema/complexity.js';
import type { CostEstimate } from '../schema/cost/cost-estimate.js';
import { StartTrainingSetInput, StartTrainingSetPayload, TrainingSetInput } from '../schema/job/start-training-set.js';
import { ValidateTrainingSetInput } from '../schema/job/validate-training-set.js';
import { TrainingSetJob, type TrainingSetOutput } from '../schema/job/training-set-job.js';
import type { TrainingSetJobInput, TrainingSetProvenance } from '../schema/job/training-set-provenance.js';
import { TrainingSetPreview, TrainingSetValidation } from '../schema/job/training-set-validation.js';
import type { RequestContext } from './context.js';
import { pageSize } from './cursor.js';
import { displayNameOf, estimatedCost, stringLabels, toCostTerms, toJobRequest } from './jobs.js';
import type { WithJob } from './output-statistics.resolver.js';
import { visibleViolations } from './training-set-columns.js';
import { trainingSetJobInput } from './training-set-job-input.js';
import { trainingSetCostLimit } from './training-set-access.js';
import { trainingSetRequest } from './training-set-request.js';
import { withFieldPath } from './field-path.js';
import { jobPayload, type JobPayload } from './user-errors.js';

/** The fields of StartTrainingSetInput itself. All others of a request are fields of its trainingSet. */
const START_FIELDS = new Set(['output', 'idempotencyKey', 'maxCostUsd', 'cancelAboveUsd', 'displayName']);

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

function trainingSetAccess({ featurestore, entityType }: TrainingSetInput) {
  return { action: 'TRAINING_SET', entityType: `${featurestore}.${entityType}` } as const;
}

/** Who pays, and at most how much by the request and by the policy. */
function costTerms(
  { access, principal }: RequestContext,
  { joins }: TrainingSetRequest,
  maxCostUsd: number | null | undefined,
): CostTerms {
  return toCostTerms(principal, trainingSetCostLimit(access, joins, maxCostUsd));
}

@Resolver(() => TrainingSetJob)
export class TrainingSetResolver {
  @Query(() => TrainingSetPreview, {
    nullable: true,
    description:
      'A training set without a job: its first rows and the checks of all its rows. The labels are at most ' +
      `${formatLimit(REQUEST_LIMITS.maxPreviewLabels)}.`,
    complexity: previewComplexity,
  })
  async trainingSetPreview(
    @Ctx() context: RequestContext,
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
  ): Promise<TrainingSetPreviewResult & { readonly leftOut: readonly LeftOutFeature[] }> {
    const rows = pageSize(first, REQUEST_LIMITS.defaultLongPageSize);
    return withFieldPath(previewField, async () => {
      const request = trainingSetRequest(context, input);
      const preview = await context.audit.run(trainingSetAccess(input), () =>
        context.trainingSets.preview(request, rows, costTerms(context, request, maxCostUsd)),
      );
      return { ...preview, leftOut: request.leftOut ?? [] };
    });
  }

  @Query(() => TrainingSetValidation, {
    nullable: true,
    description:
      'The checks of a training set that another program made. The gateway joins its entity ids and times with the history ' +
      `again and compares the values. The training set has at most ${formatLimit(REQUEST_LIMITS.maxValidatedRows)} rows.`,
    complexity: validationComplexity,
  })
  validateTrainingSet(
    @Ctx() context: RequestContext,
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
    return withFieldPath(validateField, async () => {
      const request = trainingSetRequest(context, trainingSet);
      return context.audit.run(trainingSetAccess(trainingSet), () =>
        context.trainingSets.validate(request, mapping, costTerms(context, request, maxCostUsd)),
      );
    });
  }

  @Mutation(() => StartTrainingSetPayload, {
    description: 'Starts a training set job. The gateway stores the job before it returns it.',
  })
  startTrainingSet(
    @Ctx() context: RequestContext,
    @Arg('input', () => StartTrainingSetInput, { description: 'The definition of the training set and the output.' })
    input: StartTrainingSetInput,
  ): Promise<JobPayload<TrainingSetJobRecord>> {
    return jobPayload(context.audit, trainingSetAccess(input.trainingSet), async () => {
      const jobLabels = stringLabels(input.labels);
      const origin = toJobRequest(context.principal, input);
      return withFieldPath(startField, async () => {
        const request = trainingSetRequest(context, input.trainingSet);
        const output = { format: input.output?.format ?? 'PARQUET', location: input.output?.location ?? null };
        const action = output.format === 'TABLE' || output.format === 'BIGQUERY' ? 'WRITE_TABLE' : 'WRITE_FILE';
        checkOutput(context.access, action, context.trainingSets.outputPlace(output));
        return context.trainingSets.start({
          ...request,
          displayName: displayNameOf(input.displayName ?? null),
          jobLabels,
          output,
          ...origin,
          ...costTerms(context, request, input.maxCostUsd),
        });
      });
    });
  }

  @FieldResolver()
  estimatedCost(@Root() job: TrainingSetJobRecord, @Ctx() context: RequestContext): CostEstimate {
    return estimatedCost(context, job);
  }

  @FieldResolver()
  validation(@Root() job: TrainingSetJobRecord, @Ctx() context: RequestContext): TrainingSetValidationResult | null {
    const { validation = null } = job.result ?? {};
    return validation && { ...validation, ...visibleViolations(context, job, validation) };
  }

  @FieldResolver()
  output(@Root() job: TrainingSetJobRecord): (TrainingSetOutput & WithJob<TrainingSetJobRecord>) | null {
    const { result } = job;
    return result && { ...result.output, columns: result.columns, rows: result.rows, job };
  }

  @FieldResolver()
  leftOut(@Root() { spec }: TrainingSetJobRecord): readonly LeftOutFeature[] {
    return spec.leftOut ?? [];
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
