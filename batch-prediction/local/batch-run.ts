import type { Clock } from '../../values/clock.js';
import type { ValueType } from '../../values/value-type.js';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { stopReason, type JobControl } from '../../jobs/job-handler.js';
import type { JobProgress } from '../../datasources/job-store/job-record.js';
import { countRows, type BatchPredictionCheckpoint, type RowCounts } from './checkpoint.js';
import type { BatchOutputFolder } from './output-folder.js';
import type { PartColumns } from './part-columns.js';
import { PartWriter } from './part-writer.js';
import type { PredictedInstance } from './predicted-instance.js';
import type { PredictedSlice } from './predict-slices.js';
import { clientTextWriter, type ClientTextWriter } from './client-texts.js';
import type { ExactTexts } from './instance-columns.js';
import { predictionToJson } from './prediction-json.js';

/**
 * The maximum work that a killed process loses: a second at first, then a twentieth of the time so far, never over a
 * minute. A part has costs of its own (files, a COPY, a checkpoint), so that shorter ones took most of a short job.
 */
const MIN_PART_MICROS = 1_000_000n;
const MAX_PART_MICROS = 60_000_000n;
const SHARE_OF_TIME = 20n;

/** This number of characters ends a part at any time, so that one conversion to Parquet stays small. */
const MAX_PART_CHARACTERS = 64 * 1024 * 1024;

interface BatchRunOptions {
  readonly folder: BatchOutputFolder;
  readonly control: JobControl<BatchPredictionCheckpoint>;
  readonly scratch: DuckDbDatabase;
  /** null for a job of instances. */
  readonly partColumns: PartColumns | null;
  readonly clock: Clock;
  readonly checkpoint: BatchPredictionCheckpoint;
  /** Whether the job has no checkpoint yet. */
  readonly isFirst: boolean;
  readonly onCheckpoint: (checkpoint: BatchPredictionCheckpoint) => void;
}

/** The output of one run of a job: it receives outcomes in order, writes parts, and stores progress durably. */
export class BatchRun {
  #checkpoint: BatchPredictionCheckpoint;
  #counts: RowCounts;
  readonly #outputs: ReadonlyMap<string, ValueType>;
  readonly #toClientText: ClientTextWriter;

  constructor(private readonly options: BatchRunOptions) {
    this.#checkpoint = options.checkpoint;
    this.#counts = countRows(options.checkpoint.parts);
    this.#toClientText = clientTextWriter(options.checkpoint.columns);
    this.#outputs = new Map(options.checkpoint.outputs.map(({ name, valueType }) => [name, valueType]));
  }

  /** Rows of the input that are on disk as predictions or failures. */
  get rowsDone(): number {
    return this.#counts.predictions + this.#counts.failures;
  }

  async begin(): Promise<void> {
    // Only the first time: a checkpoint counts as progress, and a job that ends its process must not report any.
    if (this.options.isFirst) await this.#save(this.#checkpoint);
    await this.options.control.running(BigInt(this.#checkpoint.total));
  }

  /** Writes outcomes until they end or fail. When the job is cancelled, the earlier outcomes stay. */
  async take(predicted: AsyncIterable<readonly PredictedInstance[] | PredictedSlice>): Promise<void> {
    const { clock, control } = this.options;
    const startedAt = clock();
    let partStartedAt = startedAt;
    let part = this.#newPart();
    try {
      for await (const outcomes of predicted) {
        const isSlice = 'predictions' in outcomes;
        if (isSlice) part.addSlice(outcomes);
        for (const instance of isSlice ? outcomes.others : outcomes) this.#write(part, instance);
        await part.drain();
        control.report(this.#progress(part.rows));
        const now = clock();
        if (part.characters < MAX_PART_CHARACTERS && now - partStartedAt < partDuration(now - startedAt)) continue;
        await this.#saveCheckpoint(part);
        part = this.#newPart();
        partStartedAt = now;
      }
      await this.#saveCheckpoint(part);
    } catch (error) {
      if (stopReason(control.signal) === 'stop') await part.drop();
      // Outcomes that cannot be stored are not counted either; report the first error.
      else await this.#saveCheckpoint(part).catch(() => undefined);
      throw error;
    }
  }

  #newPart(): PartWriter {
    const { folder, scratch, partColumns } = this.options;
    const { columns, outputs, parts } = this.#checkpoint;
    return PartWriter.create({ folder, scratch, columns, outputs, partColumns }, (parts.at(-1)?.number ?? 0) + 1);
  }

  #write(part: PartWriter, { input, outcome }: PredictedInstance): void {
    const { number, texts, fault } = input;
    const clientText = (originals: ExactTexts | null = null): string =>
      this.#toClientText(JSON.parse(texts) as ExactTexts, originals);
    if (fault) {
      part.addFailure(number, fault.originals ? clientText(fault.originals) : 'null', fault);
    } else if (outcome?.kind === 'prediction') {
      const instance = this.options.folder.format === 'PARQUET' ? texts : clientText();
      part.addPrediction(number, instance, predictionToJson(this.#outputs, outcome.prediction));
    } else if (outcome) part.addFailure(number, clientText(), outcome);
  }

  async #saveCheckpoint(part: PartWriter): Promise<void> {
    const finished = await part.finish();
    if (!finished) return;
    await this.#save({ ...this.#checkpoint, parts: [...this.#checkpoint.parts, finished] });
  }

  async #save(checkpoint: BatchPredictionCheckpoint): Promise<void> {
    this.#counts = countRows(checkpoint.parts);
    this.#checkpoint = checkpoint;
    await this.options.control.checkpoint(checkpoint, this.#progress({ predictions: 0, failures: 0 }));
    this.options.onCheckpoint(checkpoint);
  }

  #progress(unsaved: RowCounts): JobProgress {
    return {
      completed: BigInt(this.#counts.predictions + unsaved.predictions),
      failed: BigInt(this.#counts.failures + unsaved.failures),
      total: BigInt(this.#checkpoint.total),
    };
  }
}

function partDuration(soFar: bigint): bigint {
  const share = soFar / SHARE_OF_TIME;
  if (share < MIN_PART_MICROS) return MIN_PART_MICROS;
  return share > MAX_PART_MICROS ? MAX_PART_MICROS : share;
}
