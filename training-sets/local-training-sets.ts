import type { ScanWork } from '../datasources/job-store/job-cost.js';
import { badInput } from '../errors/app-error.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { CostTerms } from '../jobs/job-request.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { joinLabels } from './join-labels.js';
import { prepareLabels } from './make-training-set.js';
import { outputAsJoined } from './output-format.js';
import { previewRows } from './preview-rows.js';
import { withWorkDatabase, type TrainingSetDependencies } from './training-set-dependencies.js';
import type { TrainingSetHandler } from './training-set-handler.js';
import { checkRequest } from './training-set-spec.js';
import { trainingSetWork } from './training-set-work.js';
import type {
  StartTrainingSet,
  TrainingSetJobRecord,
  TrainingSetPreviewResult,
  TrainingSetRequest,
  TrainingSets,
  TrainingSetValidationResult,
} from './training-sets.js';
import { validate } from './validate.js';
import { validateFile } from './validate-file.js';
import { countRows } from './work-database.js';

/**
 * Makes training sets in the engine of the embedded offline store, wherever the history is. Previews run synchronously;
 * TrainingSetHandler runs the rest.
 */
export class LocalTrainingSets implements TrainingSets {
  constructor(
    private readonly engine: JobEngine,
    private readonly handler: TrainingSetHandler,
    private readonly dependencies: TrainingSetDependencies,
  ) {}

  async preview(request: TrainingSetRequest, rows: number, terms: CostTerms): Promise<TrainingSetPreviewResult> {
    checkRequest(request);
    return this.engine.runAtOnce(
      () => this.work(request),
      terms,
      () => this.#preview(request, rows),
    );
  }

  async validate(
    request: TrainingSetRequest,
    columns: ReadonlyMap<string, string>,
    terms: CostTerms,
  ): Promise<TrainingSetValidationResult> {
    checkRequest(request);
    return this.engine.runAtOnce(
      () => this.work(request),
      terms,
      () => withWorkDatabase(this.dependencies, (work) => validateFile(work, request, columns, this.dependencies)),
    );
  }

  work(request: TrainingSetRequest): Promise<ScanWork> {
    return trainingSetWork(this.dependencies, request);
  }

  start(request: TrainingSetRequest & StartTrainingSet): Promise<TrainingSetJobRecord> {
    return this.engine.start(this.handler, request);
  }

  async #preview(request: TrainingSetRequest, rows: number): Promise<TrainingSetPreviewResult> {
    return withWorkDatabase(this.dependencies, async (work) => {
      // Reads one row more than the limit, to detect an excess.
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
}
