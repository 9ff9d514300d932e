import { constants, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { DataFiles } from '../../files/data-files.js';
import { quoteIdentifier } from '../../offline/point-in-time/sql-text.js';
import type { TrainingSetRequest, TrainingSetResult, TrainingSetValidationResult } from '../training-sets.js';
import { copyToFile, outputAsWritten, outputSelect, TABLES_SCHEMA } from './output-format.js';
import { joinLabels, takeSnapshot, type JoinProgress } from './join-labels.js';
import { labelRelation, type LabelColumn } from './label-relation.js';
import { countLabels, loadLabels } from './load-labels.js';
import type { StoreElsewhere } from './store-elsewhere.js';
import { planTrainingSet, type TrainingSetPlan } from './training-set-plan.js';
import { validate } from './validate.js';
import type { WorkDatabase } from './work-database.js';

export interface Preparation {
  readonly files: DataFiles;
  readonly elsewhere: StoreElsewhere;
  /** The most labels taken. */
  readonly limit?: number;
  /** Where to work when there are more labels than this. */
  readonly file?: { readonly path: string; readonly whenOver: number };
}

/**
 * Labels and the snapshot of the history, in the work database: taken once, in one step, so that a job taken up again goes
 * on with the same ones.
 */
export async function prepareLabels(
  work: WorkDatabase,
  request: TrainingSetRequest,
  { files, elsewhere, limit, file }: Preparation,
): Promise<TrainingSetPlan> {
  if (await work.has('labels')) return planTrainingSet(request, await loadedColumns(work), elsewhere);
  const relation = await labelRelation(work, request, files);
  const plan = planTrainingSet(request, relation.columns, elsewhere);
  if (file && (await countLabels(work, request, relation)) > file.whenOver) await work.moveTo(file.path);
  await work.transaction(async () => {
    await loadLabels(work, request, relation, limit);
    await takeSnapshot(work, plan);
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

export interface Output {
  readonly format: 'PARQUET' | 'CSV' | 'TABLE';
  /** As the client names it. */
  readonly location: string;
  /** Of a file: its path. Of a table: its name in the schema of training sets. */
  readonly target: string;
}

export interface MakingOptions extends JoinProgress {
  readonly id: string;
  readonly chunkRows: number;
  /** The file is there under its other name, written when the job was run before. */
  readonly isWritten: boolean;
  readonly onWritten: () => Promise<void>;
}

/** Joins, writes, checks what was written, and only then gives it its name: under it stands a whole output or none. */
export async function makeTrainingSet(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  output: Output,
  options: MakingOptions,
): Promise<TrainingSetResult> {
  await joinLabels(work, plan, options.chunkRows, options);
  const validation = await (output.format === 'TABLE'
    ? writeTable(work, plan, output.target)
    : writeFile(work, plan, { ...output, format: output.format }, options));
  return {
    output: { format: output.format, location: output.location },
    columns: plan.outputColumns.map(({ name }) => name),
    rows: validation.joinedRows,
    validation,
  };
}

async function writeFile(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  { format, target }: { readonly format: 'PARQUET' | 'CSV'; readonly target: string },
  { id, isWritten, onWritten }: MakingOptions,
): Promise<TrainingSetValidationResult> {
  const partial = `${target}.${id}.partial`;
  try {
    if (!isWritten || !existsSync(partial)) {
      await work.run(copyToFile(outputSelect(work, plan), partial, format));
      await flushToDisk(partial);
      await onWritten();
    }
    const written = outputAsWritten({ format, at: partial }, plan.outputColumns);
    const validation = await validate(work, plan, written);
    await rename(partial, target);
    return validation;
  } catch (error) {
    if (work.signal.reason !== 'stop') await rm(partial, { force: true });
    throw error;
  }
}

/** A rename that outlives a power failure must not name a file whose content did not. */
async function flushToDisk(path: string): Promise<void> {
  const file = await open(path, constants.O_RDWR);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeTable(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  name: string,
): Promise<TrainingSetValidationResult> {
  const table = `${TABLES_SCHEMA}.${quoteIdentifier(name)}`;
  let validation: TrainingSetValidationResult | undefined;
  await work.transaction(async () => {
    await work.run(`CREATE SCHEMA IF NOT EXISTS ${TABLES_SCHEMA}`);
    await work.run(`CREATE OR REPLACE TABLE ${table} AS ${outputSelect(work, plan)}`);
    const written = outputAsWritten({ format: 'TABLE', at: table }, plan.outputColumns);
    validation = await validate(work, plan, written);
  });
  return validation!;
}
