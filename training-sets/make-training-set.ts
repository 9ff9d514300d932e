import { existsSync } from 'node:fs';
import { syncFile } from '../runtime/sync-file.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import { readTableComment, ensureSchema, isTableConflict } from '../datasources/duckdb/job-tables.js';
import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';
import type { TrainingSetRequest, TrainingSetResult, TrainingSetValidationResult } from './training-sets.js';
import { copyToFile, outputAsWritten, outputSelect, TABLES_SCHEMA } from './output-format.js';
import { joinLabels, createSnapshot } from './join-labels.js';
import type { LabelColumn } from './label-columns.js';
import type { LabelFiles } from './label-file.js';
import { labelRelation } from './label-relation.js';
import { countLabels, loadLabels } from './load-labels.js';
import { checkGeneratedCount } from './generated-relation.js';
import type { FindRemoteStore } from './remote-store.js';
import { fileChecksum } from '../runtime/file-checksum.js';
import { describeProvenance } from './provenance.js';
import { inUse } from './publish-file.js';
import type { Output, OutputFile, OutputTable } from './output.js';
import { refuseFarTimes } from './far-times.js';
import { planTrainingSet, type TrainingSetPlan } from './training-set-plan.js';
import { validateOutput } from './validate-output.js';
import { countRows, type WorkDatabase } from './work-database.js';

export interface LabelPreparation extends LabelFiles {
  readonly findRemoteStore: FindRemoteStore;
  /** The maximum number of labels that are read. */
  readonly limit?: number;
  /** The file for the work database if there are more labels than `whenOver`. */
  readonly file?: { readonly path: string; readonly whenOver: number };
}

/**
 * Loads the labels and the snapshot of the history into the work database, once and in one transaction, so that a
 * resumed job continues with the same ones.
 */
export async function prepareLabels(
  work: WorkDatabase,
  request: TrainingSetRequest,
  { findRemoteStore, limit, file, ...files }: LabelPreparation,
): Promise<TrainingSetPlan> {
  if (await work.has('labels')) return planTrainingSet(request, await loadedColumns(work), findRemoteStore);
  const relation = await labelRelation(work, request, { ...files, findRemoteStore });
  const plan = planTrainingSet(request, relation.columns, findRemoteStore);
  await relation.fetch?.();
  if (file) {
    const count = await countLabels(work, request, relation);
    checkGeneratedCount(request, count);
    if (count > file.whenOver) await work.moveTo(file.path);
  }
  await work.transaction(async () => {
    await loadLabels(work, request, relation, limit);
    await createSnapshot(work, plan);
    await noteColumns(work, relation.columns);
  });
  return plan;
}

async function noteColumns(work: WorkDatabase, columns: readonly LabelColumn[]): Promise<void> {
  await work.run(`CREATE OR REPLACE TABLE ${work.table('columns')} (position INTEGER, name VARCHAR, type VARCHAR)`);
  for (const [position, { name, type }] of columns.entries()) {
    await work.run(`INSERT INTO ${work.table('columns')} VALUES ($1, $2, $3)`, [position, name, type]);
  }
}

async function loadedColumns(work: WorkDatabase): Promise<LabelColumn[]> {
  const rows = await work.rows(`SELECT name, type FROM ${work.table('columns')} ORDER BY position`);
  return rows.map(({ name, type }) => ({ name: String(name), type: String(type) }));
}

/** The durable progress of a job. The work database contains the joined rows; only this must be stored besides it. */
export type Checkpoint =
  | ({ readonly stage: 'JOINED' | 'WRITTEN' } & MadeAt)
  /** Only the publication of the file under its name remains. */
  | ({ readonly stage: 'CHECKED'; readonly result: TrainingSetResult } & MadeAt);

interface MadeAt {
  /** The gateway on whose disk the work is. Absent: the gateway that has its jobs for itself. */
  readonly gateway?: string;
}

export interface MakeTrainingSetOptions {
  readonly id: string;
  readonly chunkRows: number;
  /** The checkpoint of an earlier attempt, if the work that it describes still exists. */
  readonly checkpoint: Checkpoint | null;
  readonly onCheckpoint: (checkpoint: Checkpoint, rows: bigint) => Promise<void>;
  /** Reports DuckDB's estimate of the progress within a step. */
  readonly onEstimate: (rows: bigint) => void;
  /** Gives a checked file its name. `confirm` stores the checkpoint, and throws if another process has the job. */
  readonly publish: (output: OutputFile, result: TrainingSetResult, confirm: () => Promise<void>) => Promise<void>;
}

/**
 * The shares of a training set's total time that have passed after the join and after writing. Validation takes the
 * rest.
 */
const SHARE_JOINED = 0.6;
const SHARE_WRITTEN = 0.75;

/**
 * Joins, writes and validates the output, and only then publishes its name, so that the name never refers to a partial
 * output.
 */
export async function makeTrainingSet(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  output: Output,
  options: MakeTrainingSetOptions,
): Promise<TrainingSetResult> {
  const labels = await countRows(work, 'labels');
  const rows = (share: number): bigint => BigInt(Math.floor(labels * share));
  const between = (from: number, to: number) => (share: number) => options.onEstimate(rows(from + (to - from) * share));
  const joined = (count: bigint): bigint => BigInt(Math.floor(Number(count) * SHARE_JOINED));
  // Work in memory is not durable. A checkpoint of it would make a job that crashes its process each time look healthy.
  const reached = async (stage: 'JOINED' | 'WRITTEN', count: bigint): Promise<void> =>
    work.isInFile ? options.onCheckpoint({ stage }, count) : options.onEstimate(count);
  await joinLabels(work, plan, options.chunkRows, {
    onEstimate: (count) => options.onEstimate(joined(count)),
    onStep: (count) => reached('JOINED', joined(count)),
  });
  const steps: WritingSteps = {
    onWriting: between(SHARE_JOINED, SHARE_WRITTEN),
    onWritten: () => reached('WRITTEN', rows(SHARE_WRITTEN)),
    onChecking: between(SHARE_WRITTEN, 1),
  };
  const { format, location } = output;
  const provenance = await describeProvenance(work, plan);
  const resultOf = (validation: TrainingSetValidationResult, checksum: string | null): TrainingSetResult => ({
    output: { format, location },
    columns: plan.outputColumns.map(({ name }) => name),
    rows: validation.joinedRows,
    validation,
    provenance: { ...provenance, checksum },
  });
  if (output.format === 'TABLE') return resultOf(await writeTable(work, plan, output, options.id, steps), null);
  const isWritten = options.checkpoint?.stage === 'WRITTEN' && existsSync(output.partial);
  const validation = await writeFile(work, plan, output, toCanonicalJson(provenance), isWritten, steps);
  const result = resultOf(validation, await fileChecksum(output.partial));
  const confirm = (): Promise<void> => options.onCheckpoint({ stage: 'CHECKED', result }, BigInt(labels));
  await options.publish(output, result, confirm);
  return result;
}

interface WritingSteps {
  readonly onWriting: (share: number) => void;
  readonly onWritten: () => Promise<void>;
  readonly onChecking: (share: number) => void;
}

async function writeFile(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  { format, partial }: OutputFile,
  provenance: string,
  isWritten: boolean,
  { onWriting, onWritten, onChecking }: WritingSteps,
): Promise<TrainingSetValidationResult> {
  if (!isWritten) {
    await work.run(copyToFile(outputSelect(work, plan, format), partial, format, provenance), [], undefined, onWriting);
    await syncFile(partial);
    await onWritten();
  }
  if (format === 'BIGQUERY') await refuseFarTimes(work, plan, partial);
  return validateOutput(work, plan, outputAsWritten({ format, at: partial }, plan.outputColumns), onChecking);
}

/**
 * The comment of the table contains the id of its job. A job that resumes after it wrote the table thereby recognizes
 * the table as its own.
 */
async function writeTable(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  { location, target }: OutputTable,
  id: string,
  { onWriting, onChecking }: WritingSteps,
): Promise<TrainingSetValidationResult> {
  const table = `${TABLES_SCHEMA}.${quoteIdentifier(target)}`;
  let validation: TrainingSetValidationResult | undefined;
  await ensureSchema(work.connection, TABLES_SCHEMA);
  await work
    .transaction(async () => {
      const maker = await readTableComment(work.connection, TABLES_SCHEMA, target);
      if (maker !== undefined && maker !== id) throw inUse(location);
      await work.run(`DROP TABLE IF EXISTS ${table}`);
      await work.run(`CREATE TABLE ${table} AS ${outputSelect(work, plan, 'TABLE')}`, [], undefined, onWriting);
      await work.run(`COMMENT ON TABLE ${table} IS ${quoteText(id)}`);
      const written = outputAsWritten({ format: 'TABLE', at: table }, plan.outputColumns);
      validation = await validateOutput(work, plan, written, onChecking);
    })
    .catch((error: unknown) => {
      throw isTableConflict(error) ? inUse(location) : error;
    });
  return validation!;
}
