import { Arg, Ctx, FieldResolver, Float, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type {
  TrainingSetJobRecord,
  TrainingSetPreviewResult,
  TrainingSetValidationResult,
} from '../training-sets/training-sets.js';
import { listComplexity } from '../schema/complexity.js';
import type { CostEstimate } from '../schema/cost/cost-estimate.js';
import { StartTrainingSetInput, StartTrainingSetPayload, TrainingSetInput } from '../schema/job/start-training-set.js';
import { TrainingSetJob, type TrainingSetOutput } from '../schema/job/training-set-job.js';
import { TrainingSetPreview } from '../schema/job/training-set-validation.js';
import type { RequestContext } from './context.js';
import { MAX_PAGE_SIZE, pageSize } from './cursor.js';
import { estimatedCost, stringLabels, toCostTerms, toJobRequest } from './jobs.js';
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

@Resolver(() => TrainingSetJob)
export class TrainingSetResolver {
  @Query(() => TrainingSetPreview, {
    nullable: true,
    description: 'What a training set would be: its first rows and the validation of all, for at most 10 000 labels.',
    complexity: listComplexity('first'),
  })
  async trainingSetPreview(
    @Ctx() { registry, trainingSets }: RequestContext,
    @Arg('input', () => TrainingSetInput, { description: 'What it is made of.' }) input: TrainingSetInput,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100, description: 'How many rows to show, at most 100.' })
    first: number | null | undefined,
    @Arg('maxCostUsd', () => Float, {
      nullable: true,
      description: 'Dollars. What is estimated above this is refused. null: as much as the budget of the day has.',
    })
    maxCostUsd: number | null | undefined,
  ): Promise<TrainingSetPreviewResult> {
    const rows = pageSize(first, MAX_PAGE_SIZE);
    return withFieldPath(previewField, async () =>
      trainingSets.preview(trainingSetRequest(registry, input), rows, toCostTerms(maxCostUsd)),
    );
  }

  @Mutation(() => StartTrainingSetPayload, {
    description: 'Starts to make a training set. The job is kept before it is given.',
  })
  startTrainingSet(
    @Ctx() { registry, trainingSets }: RequestContext,
    @Arg('input', () => StartTrainingSetInput, { description: 'What to make, and where it goes.' })
    input: StartTrainingSetInput,
  ): Promise<JobPayload<TrainingSetJobRecord>> {
    return jobPayload(async () => {
      const jobLabels = stringLabels(input.labels);
      const origin = toJobRequest(input);
      return withFieldPath(startField, async () =>
        trainingSets.start({
          ...trainingSetRequest(registry, input.trainingSet),
          displayName: input.displayName ?? null,
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
}
