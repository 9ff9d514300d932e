import { access } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { badInput } from '../errors/app-error.js';
import { readTableComment } from '../datasources/duckdb/job-tables.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type {
  StartTrainingSet,
  TrainingSetJobRecord,
  TrainingSetPreviewResult,
  TrainingSetRequest,
  TrainingSets,
} from './training-sets.js';
import { joinLabels } from './join-labels.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { labelRelation } from './label-relation.js';
import { countLabels } from './load-labels.js';
import { prepareLabels } from './make-training-set.js';
import { outputAsJoined, TABLES_SCHEMA } from './output-format.js';
import { previewRows } from './preview-rows.js';
import { planTrainingSet } from './training-set-plan.js';
import { toOutput, type TrainingSetDependencies } from './training-set-runner.js';
import { checkRequest, toTrainingSetSpec } from './training-set-spec.js';
import { validate } from './validate.js';
import { countRows, WorkDatabase } from './work-database.js';

/** Training sets, made in the embedded offline store's engine wherever the history is: previews at once, the rest as jobs (training-set-runner.ts). */
export class LocalTrainingSets implements TrainingSets {
  constructor(
    private readonly dependencies: TrainingSetDependencies,
    private readonly jobs: JobEngine,
    /** What a request would scan. */
    private readonly estimateWork: (
      request: TrainingSetRequest,
      countLabels: () => Promise<number>,
    ) => Promise<ScanWork>,
  ) {}

  async preview(request: TrainingSetRequest, rows: number): Promise<TrainingSetPreviewResult> {
    checkRequest(request);
    return this.#withWork(async (work) => {
      // One more than may be, to see that there are more.
      const plan = await prepareLabels(work, request, {
        ...this.dependencies,
        limit: REQUEST_LIMITS.maxPreviewLabels + 1,
      });
      const count = await countRows(work, 'labels');
      if (count > REQUEST_LIMITS.maxPreviewLabels) {
        throw badInput(
          `A preview takes at most ${REQUEST_LIMITS.maxPreviewLabels} labels. Start a job for more.`,
          'labels',
        );
      }
      await joinLabels(work, plan, count + 1, {
        onStep: async () => undefined,
        onEstimate: () => undefined,
      });
      return {
        columns: plan.outputColumns.map(({ name }) => name),
        rows: await previewRows(work, plan, rows),
        validation: await validate(work, plan, outputAsJoined(work, plan)),
      };
    });
  }

  async countLabels(request: TrainingSetRequest): Promise<number> {
    if (request.labels.kind === 'INLINE') return request.labels.rows.length;
    return this.#withWork(async (work) =>
      countLabels(work, request, await labelRelation(work, request, this.dependencies.files)),
    );
  }

  async start(request: TrainingSetRequest & StartTrainingSet): Promise<TrainingSetJobRecord> {
    checkRequest(request);
    const { displayName, jobLabels, createdBy, idempotencyKey, maxCostUsd = null, output } = request;
    const spec = toTrainingSetSpec(request, output);
    const job = await this.jobs.start({
      kind: 'TRAINING_SET',
      spec,
      displayName,
      labels: jobLabels,
      createdBy,
      idempotencyKey,
      maxCostUsd,
      work: () => this.estimateWork(request, () => this.countLabels(request)),
      check: () => this.#check(request),
    });
    return job as TrainingSetJobRecord;
  }

  async #check(request: TrainingSetRequest & StartTrainingSet): Promise<void> {
    await this.#withWork(async (work) => {
      // What was sent is read at once; of a file or table only that it has the columns.
      if (request.labels.kind === 'INLINE') await prepareLabels(work, request, this.dependencies);
      else {
        const { columns } = await labelRelation(work, request, this.dependencies.files);
        planTrainingSet(request, columns, this.dependencies.findRemoteStore);
      }
      await this.#assertOutputIsNew(work, request);
    });
  }

  /** An output is never written over another: whoever trained on that would find it changed. */
  async #assertOutputIsNew(work: WorkDatabase, { output }: StartTrainingSet): Promise<void> {
    if (output.location === null) return;
    const { format, target, location } = await toOutput(output, '', this.dependencies.files);
    const exists =
      format === 'TABLE'
        ? (await readTableComment(work.connection, TABLES_SCHEMA, target)) !== undefined
        : await access(target).then(
            () => true,
            () => false,
          );
    if (exists) throw badInput(`There is already "${location}". Give the output another name.`, 'output.location');
  }

  async #withWork<Result>(use: (work: WorkDatabase) => Promise<Result>): Promise<Result> {
    const connection = await this.dependencies.database.instance.connect();
    const signal = new AbortController().signal;
    const work = await WorkDatabase.open(connection, randomUUID(), signal);
    try {
      return await use(work);
    } finally {
      await work.close();
    }
  }
}
