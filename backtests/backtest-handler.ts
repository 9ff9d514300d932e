import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BIGINT, TIMESTAMP, timestampValue } from '@duckdb/node-api';
import { describeColumns } from '../datasources/duckdb/written-columns.js';
import { instantFromDuckDb } from '../datasources/duckdb/value-mapping.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import { badInput } from '../errors/app-error.js';
import {
  stopReason,
  type JobControl,
  type JobHandler,
  type JobOutcome,
  type JobPlan,
  type PartialResult,
} from '../jobs/job-handler.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { joinLabels } from '../training-sets/join-labels.js';
import { labelRelation } from '../training-sets/label-relation.js';
import { prepareLabels } from '../training-sets/make-training-set.js';
import { outputAsJoined, outputSelect } from '../training-sets/output-format.js';
import { withOutageRetry, withPayer } from '../training-sets/remote-store.js';
import { withWorkDatabase } from '../training-sets/training-set-dependencies.js';
import { planTrainingSet, type TrainingSetPlan } from '../training-sets/training-set-plan.js';
import { checkRequest } from '../training-sets/training-set-spec.js';
import { trainingSetWork } from '../training-sets/training-set-work.js';
import { validate } from '../training-sets/validate.js';
import { countRows, removeWorkFile, WorkDatabase } from '../training-sets/work-database.js';
import { writeActuals } from './actual-values.js';
import type { BacktestDependencies } from './backtest-dependencies.js';
import { LOCAL_BACKTEST } from './backtest-job.js';
import { checkBacktest, comparedOutput, knownRows, toBacktestRequest, toBacktestSpec } from './backtest-spec.js';
import type {
  BacktestCheckpoint,
  BacktestRecord,
  BacktestRequest,
  BacktestResult,
  BacktestSettings,
  BacktestSpec,
  StartBacktest,
} from './backtests.js';
import { inputDrift } from './input-drift.js';
import { windowMetrics } from './window-metrics.js';
import { Windows } from './windows.js';

const { maxBacktestRows } = REQUEST_LIMITS;

/** Fewer rows are predicted again after a restart: they take less time than to keep them. */
const ROWS_PER_CHECKPOINT = 1_000;

/**
 * Backtests on this machine: rows as of their moments, by the compiler and the validation of training sets; then
 * predictions, from the inputs alone; then the actual values, which are joined to the predictions and never to the inputs.
 */
export class BacktestHandler implements JobHandler<
  StartBacktest,
  BacktestSpec,
  BacktestCheckpoint | null,
  BacktestResult
> {
  readonly type = LOCAL_BACKTEST;
  readonly boundToMachine = {
    field: 'model',
    message: 'Several gateways share their jobs here, and a backtest uses models and files of one of them.',
  };

  constructor(private readonly dependencies: BacktestDependencies) {}

  async plan(request: StartBacktest): Promise<JobPlan<BacktestSpec>> {
    const { displayName, jobLabels: labels } = request;
    checkRequest(request.rows);
    checkBacktest(request);
    return {
      displayName,
      labels,
      spec: toBacktestSpec(request),
      check: () => this.#check(request),
      work: () => this.work(request),
    };
  }

  work({ rows }: BacktestRequest): Promise<ScanWork> {
    return trainingSetWork(this.dependencies, knownRows(rows, this.dependencies));
  }

  async run(job: BacktestRecord, control: JobControl<BacktestCheckpoint | null>): Promise<JobOutcome<BacktestResult>> {
    const progress = { completed: 0n, failed: 0n, total: null as bigint | null };
    try {
      const result = await this.#work(job, control, progress);
      await this.#removeWork(job);
      return { state: 'SUCCEEDED', result, progress };
    } catch (error) {
      const reason = stopReason(control.signal);
      // The next process goes on with the file.
      if (reason === 'stop') throw error;
      await this.#removeWork(job);
      if (reason !== 'cancel') throw error;
      return { state: 'CANCELLED', result: null, progress };
    }
  }

  async finalize(job: BacktestRecord): Promise<PartialResult<BacktestResult>> {
    await this.#removeWork(job);
    return { result: null, progress: job.progress };
  }

  #workFile({ id }: Pick<BacktestRecord, 'id'>): string {
    return join(this.dependencies.workFolder, `${id}.duckdb`);
  }

  async #removeWork(job: BacktestRecord): Promise<void> {
    await removeWorkFile(this.#workFile(job));
  }

  /** The columns of the labels and the model, without reading a label. */
  async #check({ model, rows }: BacktestRequest): Promise<void> {
    const request = knownRows(rows, this.dependencies);
    await withWorkDatabase(this.dependencies, async (work) => {
      const { columns } = await labelRelation(work, request, this.dependencies);
      const plan = planTrainingSet(request, columns, this.dependencies.findRemoteStore);
      await this.dependencies.predictor.check(model, plan.outputColumns);
    });
  }

  async #work(
    { id, spec }: BacktestRecord,
    control: JobControl<BacktestCheckpoint | null>,
    progress: { completed: bigint; failed: bigint; total: bigint | null },
  ): Promise<BacktestResult> {
    const { database } = this.dependencies;
    const { signal } = control;
    const { model, rows: wanted, actual, settings } = toBacktestRequest(spec, this.dependencies);
    const request = knownRows(wanted, this.dependencies);
    const findRemoteStore = withOutageRetry(withPayer(this.dependencies.findRemoteStore, control.payer), signal);
    const path = this.#workFile({ id });
    const work = await WorkDatabase.open(await database.connectAfterWrites(), id, signal);
    try {
      if (existsSync(path)) await work.moveTo(path);
      const plan = await prepareLabels(work, request, {
        ...this.dependencies,
        findRemoteStore,
        limit: maxBacktestRows + 1,
        file: { path, whenOver: ROWS_PER_CHECKPOINT },
      });
      const rows = await countRows(work, 'labels');
      if (rows === 0) throw badInput('There is no moment in the range.', 'trainingSet.labels');
      if (rows > maxBacktestRows) {
        throw badInput(
          `A backtest has at most ${formatLimit(maxBacktestRows)} rows. Choose fewer entities or moments.`,
          'trainingSet.labels',
        );
      }
      // Before the model predicts, which can take hours.
      const windows = await findWindows(work, settings, model);
      progress.total = BigInt(rows);
      await control.running(progress.total);
      if (!(await work.has('rows'))) await joinRows(work, plan);
      const output = comparedOutput(model, settings.output);
      const columns = await describeColumns(work.connection, work.table('rows'));
      let stored = 0n;
      const onPredicted = async (completed: bigint, failed: bigint): Promise<void> => {
        Object.assign(progress, { completed, failed });
        const predicted = completed + failed;
        // Work in memory is not durable. A checkpoint of it would make a job that crashes its process each time look healthy.
        if (!work.isInFile || predicted < stored + BigInt(ROWS_PER_CHECKPOINT)) {
          control.report({ ...progress });
          return;
        }
        stored = predicted;
        await control.checkpoint({ predicted }, { ...progress });
      };
      const { batchSize } = settings;
      await this.dependencies.predictor.predict(work, { model, output, batchSize, columns, rows, onPredicted });
      const labelColumns = columns.slice(0, plan.labelColumns.length);
      await writeActuals({ ...this.dependencies, findRemoteStore }, work, { request, actual, labelColumns });
      await divide(work, windows);
      const compared = work.table('compared');
      return {
        output,
        isKnownAtMoment: request.options.knownAtLabelTime ?? false,
        windows: await windowMetrics(work, compared, windows, settings),
        drift: await inputDrift(this.dependencies.reads, work, work.table('inputs'), {
          model,
          windows,
          baseline: settings.baseline,
        }),
      };
    } finally {
      await work.close();
    }
  }
}

/** Joins the rows as of their moments into the table `rows`, and proves that no value is from after its moment. */
async function joinRows(work: WorkDatabase, plan: TrainingSetPlan): Promise<void> {
  const silent = { onStep: async () => undefined, onEstimate: () => undefined };
  await joinLabels(work, plan, maxBacktestRows, silent);
  const { leakedRows } = await validate(work, plan, outputAsJoined(work, plan));
  // It would be a fault of the compiler: the log has it, and no number is published.
  if (leakedRows > 0n) throw new Error(`${leakedRows} rows of a backtest have a value from after their moment`);
  await work.run(`CREATE TABLE ${work.table('rows')} AS ${outputSelect(work, plan, 'TABLE')}`);
}

/** The windows of all moments. */
async function findWindows(work: WorkDatabase, { window }: BacktestSettings, { inputs }: Model): Promise<Windows> {
  const [ends = {}] = await work.rows(
    `SELECT min(label_time) AS first, max(label_time) AS last FROM ${work.table('labels')}`,
  );
  const [first, last] = [instantFromDuckDb(ends.first), instantFromDuckDb(ends.last)];
  if (first === null || last === null) throw badInput('No row has a moment.', 'trainingSet.labels');
  return Windows.of(first, last, window, inputs.length);
}

/** Divides the rows into windows: `compared` with actual and predicted, `inputs` with the columns of the rows. */
async function divide(work: WorkDatabase, windows: Windows): Promise<void> {
  const labels = work.table('labels');
  const number = `(epoch_us(l.label_time) - epoch_us($1::TIMESTAMP)) // $2`;
  const values = [timestampValue(windows.start), windows.length];
  await work.run(
    `CREATE OR REPLACE TABLE ${work.table('compared')} AS SELECT ${number} AS "$window_number", a.actual, p.predicted
FROM ${labels} AS l POSITIONAL JOIN ${work.table('actuals')} AS a POSITIONAL JOIN ${work.table('predictions')} AS p
WHERE l.label_time IS NOT NULL`,
    values,
    [TIMESTAMP, BIGINT],
  );
  await work.run(
    `CREATE OR REPLACE TABLE ${work.table('inputs')} AS SELECT ${number} AS "$window_number", l.label_time AS "$label_time", r.*
FROM ${labels} AS l POSITIONAL JOIN ${work.table('rows')} AS r WHERE l.label_time IS NOT NULL`,
    values,
    [TIMESTAMP, BIGINT],
  );
}
