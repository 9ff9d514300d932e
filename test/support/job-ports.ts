import {
  isBatchPredictionJob,
  type BatchPredictionJobRecord,
  type BatchPredictionRequest,
  type BatchPredictions,
  type MetricRequest,
  type PredictionFailureRow,
  type PredictionRow,
  type ResultRange,
} from '../../batch-prediction/batch-predictions.js';
import type { JobWork, ScanWork } from '../../datasources/job-store/job-cost.js';
import type { JobRecord } from '../../datasources/job-store/job-record.js';
import type { JobRequest } from '../../jobs/job-request.js';
import type { FeatureStores } from '../../serving/feature-stores.js';
import { toTrainingSetSpec } from '../../training-sets/training-set-spec.js';
import { scanWork } from '../../training-sets/scan-work.js';
import type { CountableWork } from './countable-work.js';
import { NOW } from './small-registry.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import type {
  StartTrainingSet,
  TrainingSetJobRecord,
  TrainingSetPreviewResult,
  TrainingSetRequest,
  TrainingSets,
  TrainingSetValidationResult,
} from '../../training-sets/training-sets.js';
import type { AppError } from '../../errors/app-error.js';

/** So much work as costs $3.125 by the default price book: half a tebibyte. */
const SCAN = { kind: 'SCAN', bytes: 2n ** 39n, priceBook: null } as const;

/**
 * The ports of jobs over a real engine, without the work: what was asked of them is kept for a test to look at, and what
 * they answer is what the test says. The work itself is tested with its runners.
 */
export class RecordingBatchPredictions implements BatchPredictions {
  readonly requests: BatchPredictionRequest[] = [];
  predicted: PredictionRow[] = [];
  failed: PredictionFailureRow[] = [];
  refusal: AppError | undefined;

  constructor(
    private readonly jobs: JobEngine,
    private readonly handler: CountableWork,
  ) {}

  async start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord> {
    if (this.refusal) throw this.refusal;
    this.requests.push(request);
    const { displayName, labels, createdBy, idempotencyKey, maxCostUsd = null, model, spec } = request;
    const job = { spec: { ...spec, modelSnapshot: model }, displayName, labels, createdBy, idempotencyKey, maxCostUsd };
    return asBatchPrediction(await this.jobs.start(this.handler, { ...job, work: async () => SCAN }));
  }

  async work(): Promise<JobWork> {
    if (this.refusal) throw this.refusal;
    return SCAN;
  }

  async retryFailed(job: BatchPredictionJobRecord, request: JobRequest): Promise<BatchPredictionJobRecord> {
    if (this.refusal) throw this.refusal;
    const { displayName, labels, spec } = job;
    const retry = { displayName, labels, spec: { ...spec, retryOf: job.id } };
    return asBatchPrediction(await this.jobs.start(this.handler, { ...request, ...retry }));
  }

  async predictions(_job: BatchPredictionJobRecord, range: ResultRange): Promise<readonly PredictionRow[]> {
    return paginate(this.predicted, range);
  }

  async failures(_job: BatchPredictionJobRecord, range: ResultRange): Promise<readonly PredictionFailureRow[]> {
    return paginate(this.failed, range);
  }

  async metrics(_job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]> {
    return asked.map(({ metric }) => (metric === 'COUNT' ? this.predicted.length : null));
  }
}

function asBatchPrediction(job: JobRecord): BatchPredictionJobRecord {
  if (isBatchPredictionJob(job)) return job;
  throw new Error(`${job.kind} is another kind of job`);
}

function paginate<Row extends { readonly instanceNumber: bigint }>(
  rows: readonly Row[],
  { after, limit }: ResultRange,
) {
  return rows.filter(({ instanceNumber }) => after === null || instanceNumber > after).slice(0, limit);
}

export class RecordingTrainingSets implements TrainingSets {
  readonly requests: (TrainingSetRequest & Partial<StartTrainingSet>)[] = [];
  validatedColumns: ReadonlyMap<string, string> | undefined;
  validation: TrainingSetValidationResult = VALIDATION;

  constructor(
    private readonly jobs: JobEngine,
    private readonly handler: CountableWork,
    private readonly stores: Pick<FeatureStores, 'offline'>,
  ) {}

  async validate(
    request: TrainingSetRequest,
    columns: ReadonlyMap<string, string>,
  ): Promise<TrainingSetValidationResult> {
    this.requests.push(request);
    this.validatedColumns = columns;
    return this.validation;
  }

  async preview(request: TrainingSetRequest, rows: number): Promise<TrainingSetPreviewResult> {
    this.requests.push(request);
    return { columns: ['id'], rows: Array.from({ length: rows }, () => ({ id: 'a' })), validation: VALIDATION };
  }

  async work(request: TrainingSetRequest): Promise<ScanWork> {
    const { labels } = request;
    return scanWork(request, this.stores, NOW, async () => (labels.kind === 'INLINE' ? labels.rows.length : 0));
  }

  outputPlace({ location }: StartTrainingSet['output']): string | null {
    return location;
  }

  async stream(): Promise<never> {
    throw new Error('no test reads the rows of a recorded training set');
  }

  async start(request: TrainingSetRequest & StartTrainingSet): Promise<TrainingSetJobRecord> {
    this.requests.push(request);
    const { displayName, jobLabels: labels, createdBy, idempotencyKey, maxCostUsd = null } = request;
    const spec = toTrainingSetSpec(request, request.output);
    const job = { spec, displayName, labels, createdBy, idempotencyKey, maxCostUsd };
    const record = await this.jobs.start(this.handler, { ...job, work: async () => SCAN });
    return { ...record, spec, result: null };
  }
}

export const VALIDATION = {
  labelRows: 2n,
  joinedRows: 2n,
  leakedRows: 0n,
  verifiedRows: 2n,
  mode: 'SAMPLE',
  seed: 0,
  valuesWrittenAfterLabel: 0n,
  changedRows: 0n,
  valuesAtLabelTime: 0n,
  unverifiableValues: 0n,
  labelCopies: [],
  unmatchedRows: 1n,
  expiredValues: 3n,
  invalidLabels: 1n,
  featureCoverage: [{ column: 'city', present: 1n, nulls: 0n, notFound: 1n, expired: 0n }],
  offendingRows: [{ row: 1n, kind: 'INVALID', reason: 'It has no time.' }],
} as const;
