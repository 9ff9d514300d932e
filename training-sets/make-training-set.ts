import { existsSync } from 'node:fs';
import { link, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFile } from '../runtime/sync-file.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import type { DataFiles } from '../datasources/files/data-files.js';
import { readTableComment, ensureSchema, isTableConflict } from '../datasources/duckdb/job-tables.js';
import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';
import { JobFailure } from '../jobs/job-failure.js';
import type { TrainingSetRequest, TrainingSetResult, TrainingSetValidationResult } from './training-sets.js';
import { copyToFile, outputAsWritten, outputSelect, TABLES_SCHEMA } from './output-format.js';
import { joinLabels, createSnapshot } from './join-labels.js';
import type { LabelColumn } from './label-columns.js';
import { labelRelation } from './label-relation.js';
import { countLabels, loadLabels } from './load-labels.js';
import type { FindRemoteStore } from './remote-store.js';
import { describeProvenance, fileChecksum } from './provenance.js';
import { planTrainingSet, type TrainingSetPlan } from './training-set-plan.js';
import { validateOutput } from './validate-output.js';
import { countRows, type WorkDatabase } from './work-database.js';

export interface LabelPreparation {
  readonly files: DataFiles;
  readonly findRemoteStore: FindRemoteStore;
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
  { files, findRemoteStore, limit, file }: LabelPreparation,
): Promise<TrainingSetPlan> {
  if (await work.has('labels')) return planTrainingSet(request, await loadedColumns(work), findRemoteStore);
  const relation = await labelRelation(work, request, files);
  const plan = planTrainingSet(request, relation.columns, findRemoteStore);
  if (file && (await countLabels(work, request, relation)) > file.whenOver) await work.moveTo(file.path);
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

export interface Output {
  readonly format: 'PARQUET' | 'CSV' | 'TABLE';
  /** As the client names it. */
  readonly location: string;
  /** Of a file: its path. Of a table: its name in the schema of training sets. */
  readonly target: string;
}

/** How far a job got, durably. What is joined stands in the work database; beside it only this need be known. */
export type Checkpoint =
  | { readonly stage: 'JOINED' | 'WRITTEN' }
  /** Nothing is left to do but to give the file its name. */
  | { readonly stage: 'CHECKED'; readonly result: TrainingSetResult };

export interface MakeTrainingSetOptions {
  readonly id: string;
  readonly chunkRows: number;
  /** Of an earlier run, as far as what it speaks of is still there. */
  readonly checkpoint: Checkpoint | null;
  readonly onCheckpoint: (checkpoint: Checkpoint, rows: bigint) => Promise<void>;
  /** How far it is as DuckDB estimates it, within a step. */
  readonly onEstimate: (rows: bigint) => void;
}

/** Of the time a training set takes, how much has passed when all is joined, and when it is written; then it is checked. */
const SHARE_JOINED = 0.6;
const SHARE_WRITTEN = 0.75;

/** Joins, writes, checks what was written, and only then gives it its name: under it stands a whole output or none. */
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
  // Of work in memory nothing is durable: to say so would take a job for healthy that ends its process each time.
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
  const { format, location, target } = output;
  const provenance = await describeProvenance(work, plan);
  const resultOf = (validation: TrainingSetValidationResult, checksum: string | null): TrainingSetResult => ({
    output: { format, location },
    columns: plan.outputColumns.map(({ name }) => name),
    rows: validation.joinedRows,
    validation,
    provenance: { ...provenance, checksum },
  });
  if (format === 'TABLE') return resultOf(await writeTable(work, plan, output, options.id, steps), null);
  const file = { format, partial: partialFilePath(target, options.id), provenance: toCanonicalJson(provenance) };
  const isWritten = options.checkpoint?.stage === 'WRITTEN' && existsSync(file.partial);
  const validation = await writeFile(work, plan, file, isWritten, steps);
  const result = resultOf(validation, await fileChecksum(file.partial));
  await options.onCheckpoint({ stage: 'CHECKED', result }, BigInt(labels));
  await publish(output, options.id);
  return result;
}

interface WritingSteps {
  readonly onWriting: (share: number) => void;
  readonly onWritten: () => Promise<void>;
  readonly onChecking: (share: number) => void;
}

/** The name of a file before it is checked. */
export function partialFilePath(target: string, id: string): string {
  return `${target}.${id}.partial`;
}

interface OutputFile {
  readonly format: 'PARQUET' | 'CSV';
  readonly partial: string;
  /** As JSON. */
  readonly provenance: string;
}

async function writeFile(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  { format, partial, provenance }: OutputFile,
  isWritten: boolean,
  { onWriting, onWritten, onChecking }: WritingSteps,
): Promise<TrainingSetValidationResult> {
  if (!isWritten) {
    await work.run(copyToFile(outputSelect(work, plan), partial, format, provenance), [], undefined, onWriting);
    await syncFile(partial);
    await onWritten();
  }
  return validateOutput(work, plan, outputAsWritten({ format, at: partial }, plan.outputColumns), onChecking);
}

/**
 * Gives a checked file its name. A link is never made over what is there, as a rename would be: of two jobs that were
 * started with one name, the second finds it taken. Done again after a crash, it finds its own work.
 */
export async function publish({ location, target }: Output, id: string): Promise<void> {
  const partial = partialFilePath(target, id);
  if (!existsSync(partial) && existsSync(target)) return;
  try {
    await link(partial, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
    const [mine, there] = [await stat(partial, { bigint: true }), await stat(target, { bigint: true })];
    if (mine.ino !== there.ino || mine.dev !== there.dev) throw inUse(location);
  }
  await syncFile(dirname(target));
  await rm(partial, { force: true });
}

function inUse(location: string): JobFailure {
  return new JobFailure('OUTPUT_IN_USE', `Something else was written to "${location}" meanwhile. Name another output.`);
}

/** Its comment says which job made the table: one taken up after its table was written finds that it is its own. */
async function writeTable(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  { location, target }: Output,
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
      await work.run(`CREATE TABLE ${table} AS ${outputSelect(work, plan)}`, [], undefined, onWriting);
      await work.run(`COMMENT ON TABLE ${table} IS ${quoteText(id)}`);
      const written = outputAsWritten({ format: 'TABLE', at: table }, plan.outputColumns);
      validation = await validateOutput(work, plan, written, onChecking);
    })
    .catch((error: unknown) => {
      throw isTableConflict(error) ? inUse(location) : error;
    });
  return validation!;
}
