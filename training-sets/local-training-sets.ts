import type { QueryPayer } from '../datasources/offline/query-payer.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import { badInput } from '../errors/app-error.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { CostTerms } from '../jobs/job-request.js';
import { PROCESS_LIMITS } from '../limits/process-limits.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { Slots } from '../runtime/slots.js';
import { joinLabels } from './join-labels.js';
import { prepareLabels } from './make-training-set.js';
import { outputAsJoined } from './output-format.js';
import { withPayer } from './remote-store.js';
import { previewRows } from './preview-rows.js';
import { withWorkDatabase, type TrainingSetDependencies } from './training-set-dependencies.js';
import type { TrainingSetHandler } from './training-set-handler.js';
import { OpenStreams } from './open-streams.js';
import { streamTrainingSet } from './stream-training-set.js';
import { requireTables } from './training-set-output.js';
import { checkRequest } from './training-set-spec.js';
import { trainingSetWork } from './training-set-work.js';
import type {
  StartTrainingSet,
  TrainingSetJobRecord,
  TrainingSetOutputRequest,
  TrainingSetPreviewResult,
  TrainingSetRequest,
  TrainingSets,
  TrainingSetStream,
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
  readonly #streams = new OpenStreams(PROCESS_LIMITS.maxTrainingSetStreams);
  readonly #slots = new Slots(PROCESS_LIMITS.maxRunningPreviews);

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
      (payer) => this.#inTurn(() => this.#preview(request, rows, this.#paidBy(payer))),
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
      (payer) =>
        this.#inTurn(() =>
          withWorkDatabase(this.dependencies, (work) => validateFile(work, request, columns, this.#paidBy(payer))),
        ),
    );
  }

  work(request: TrainingSetRequest): Promise<ScanWork> {
    return trainingSetWork(this.dependencies, request);
  }

  stream(job: TrainingSetJobRecord, signal: AbortSignal): Promise<TrainingSetStream> {
    return this.#streams.open(() => streamTrainingSet(this.dependencies, job, signal));
  }

  outputPlace({ format, location }: TrainingSetOutputRequest): string | null {
    if (format !== 'BIGQUERY' || location === null) return location;
    return requireTables(this.dependencies.tables).address(location, 'output.location');
  }

  start(request: TrainingSetRequest & StartTrainingSet): Promise<TrainingSetJobRecord> {
    return this.engine.start(this.handler, request);
  }

  /** A request can have a preview under each of hundreds of aliases, and each takes all cores. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#slots.run(work, this.dependencies.database.currentOwner());
  }

  #paidBy(payer: QueryPayer | undefined): TrainingSetDependencies {
    return { ...this.dependencies, findRemoteStore: withPayer(this.dependencies.findRemoteStore, payer) };
  }

  async #preview(
    request: TrainingSetRequest,
    rows: number,
    dependencies: TrainingSetDependencies,
  ): Promise<TrainingSetPreviewResult> {
    return withWorkDatabase(dependencies, async (work) => {
      // Reads one row more than the limit, to detect an excess.
      const plan = await prepareLabels(work, request, {
        ...dependencies,
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
