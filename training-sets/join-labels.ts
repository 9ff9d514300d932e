import { BIGINT } from '@duckdb/node-api';
import { historyTable } from '../datasources/duckdb/history-table.js';
import { mayHaveTies } from '../datasources/duckdb/import-record.js';
import { compileForDuckDb } from '../datasources/offline/point-in-time/duckdb/compile-for-duckdb.js';
import { instantFromDuckDb } from '../datasources/duckdb/value-mapping.js';
import type { SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import { Parameters } from '../datasources/offline/point-in-time/sql-text.js';
import { quoteText } from '../datasources/duckdb/sql-text.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import { findForm } from './find-form.js';
import { joinRemoteStep } from './join-remote.js';
import type { JoinStep } from './join-step.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import { countRows, type WorkDatabase } from './work-database.js';

/**
 * Stores the last row of each local source, so that all steps ignore the rows that are written while the job runs. A
 * remote store has no such snapshot.
 */
export async function createSnapshot(work: WorkDatabase, plan: TrainingSetPlan): Promise<void> {
  const sources = [...new Set(localSources(plan).map(({ source }) => source))];
  const lastRows = sources.map((source) => {
    const table = historyTable(source);
    return `SELECT ${quoteText(table)} AS history_table, coalesce(max(rowid), -1) AS last_row FROM ${table}`;
  });
  await work.run(`CREATE OR REPLACE TABLE ${work.table('snapshot')} (history_table VARCHAR, last_row BIGINT)`);
  if (lastRows.length > 0) await work.run(`INSERT INTO ${work.table('snapshot')} ${lastRows.join(' UNION ALL ')}`);
}

function localSources({ pointInTime, remoteStores }: TrainingSetPlan): SourcePlan[] {
  return pointInTime.sources.filter((source) => !remoteStores.has(source));
}

/** Returns the table of a source as of the snapshot. This works because rows are only appended. */
export async function historyAt(work: WorkDatabase, plan: TrainingSetPlan): Promise<(source: FeatureSource) => string> {
  const lastRows = await work.rows(`SELECT history_table, last_row FROM ${work.table('snapshot')}`);
  const byTable = new Map(lastRows.map((row) => [String(row.history_table), String(row.last_row)]));
  const tables = new Map(
    localSources(plan).map(({ source }) => {
      const table = historyTable(source);
      return [source, `(SELECT *, rowid FROM ${table} WHERE rowid <= ${byTable.get(table) ?? '-1'})`];
    }),
  );
  return (source) => tables.get(source)!;
}

export interface JoinProgress {
  /** A step has finished; it is durable if the work database is. `rows` is the progress over all sources. */
  readonly onStep: (rows: bigint) => Promise<void>;
  /** Reports DuckDB's estimate of the progress within a step. */
  readonly onEstimate: (rows: bigint) => void;
}

/**
 * Joins the labels with one source after the other, in chunks of `chunkRows` labels. Each source has its own table
 * (joinedTable) with one row per label, in the order of the labels: row_id, and the compiler's columns for values and
 * times. Continues after the existing rows.
 *
 * Each query joins one source, because each ASOF join sorts all its input: one query for all sources takes half as long
 * again, and twice the memory. Chunks bound the memory. They are large, because each chunk sorts the whole history
 * again.
 */
export async function joinLabels(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  chunkRows: number,
  { onStep, onEstimate }: JoinProgress,
): Promise<void> {
  const labels = await countRows(work, 'labels');
  const steps: JoinStep[] = [];
  for (const source of plan.pointInTime.sources) {
    const store = plan.remoteStores.get(source);
    await dropOutdated(work, plan, source);
    steps.push(
      await (store
        ? joinRemoteStep(work, plan, source, store, joinedTable(plan, source))
        : joinStep(work, plan, source)),
    );
  }
  const done = (): number => steps.reduce((sum, { rows }) => sum + rows, 0) / steps.length;
  for (let to = Math.min(chunkRows, labels); ; to = Math.min(to + chunkRows, labels)) {
    for (const step of steps) {
      if (step.rows >= to) continue;
      const before = done();
      const ofStep = (to - step.rows) / steps.length;
      await step.joinUpTo(to, (share) => onEstimate(BigInt(Math.floor(before + ofStep * share))));
      await onStep(BigInt(Math.floor(done())));
    }
    if (to === labels) return;
  }
}

/** Rows that an earlier version of the gateway joined may lack a column. They are joined again. */
async function dropOutdated(work: WorkDatabase, plan: TrainingSetPlan, source: SourcePlan): Promise<void> {
  const name = joinedTable(plan, source);
  if (!(await work.has(name))) return;
  const columns = await work.rows(`SELECT column_name FROM (DESCRIBE ${work.table(name)})`);
  const there = new Set(columns.map(({ column_name }) => column_name));
  const needed = plan.features.filter((column) => column.source === source);
  if (needed.some(({ writtenAfterColumn: column }) => column !== null && !there.has(column))) {
    await work.run(`DROP TABLE ${work.table(name)}`);
  }
}

async function joinStep(work: WorkDatabase, plan: TrainingSetPlan, source: SourcePlan): Promise<JoinStep> {
  const name = joinedTable(plan, source);
  const hasTies = await mayHaveTies(work.connection, source.source);
  const tableOf = await historyAt(work, plan);
  const form = await findForm(work, source, work.table('labels'), tableOf(source.source));
  const run = async (
    range: string,
    into: (sql: string) => string,
    onShare?: (share: number) => void,
  ): Promise<void> => {
    const [last] = await work.rows(`SELECT max(label_time) AS time FROM ${work.table('labels')} WHERE ${range}`);
    const { sql, parameters } = compileForDuckDb<never>(
      { ...plan.pointInTime, sources: [source] },
      {
        form,
        labels: `SELECT rowid AS row_id, label_time, ${source.entityColumn} FROM ${work.table('labels')} WHERE ${range}`,
        tableOf,
        mayHaveTies: () => hasTies,
        lastLabelTime: instantFromDuckDb(last?.time) ?? 0n,
        outputs: { timestamps: 'ONE_A_ROW', statuses: false, writtenAfter: true },
      },
      new Parameters(),
    );
    const types = parameters.map(() => BIGINT);
    await work.run(into(sql), parameters, types, onShare);
  };
  if (!(await work.has(name))) await run('false', (sql) => `CREATE TABLE ${work.table(name)} AS ${sql} WITH NO DATA`);
  let rows = await countRows(work, name);
  return {
    get rows() {
      return rows;
    },
    async joinUpTo(to, onShare) {
      const range = `rowid >= ${rows} AND rowid < ${to}`;
      await run(range, (sql) => `INSERT INTO ${work.table(name)} ${sql}`, onShare);
      rows = to;
    },
  };
}

/** The name of the table with the values of a source for each label. */
export function joinedTable(plan: TrainingSetPlan, source: SourcePlan): string {
  return `joined_${plan.pointInTime.sources.indexOf(source)}`;
}

/** All joined tables side by side: each has one row per label, in the order of the labels. */
export function allJoined(work: WorkDatabase, plan: TrainingSetPlan): string {
  return plan.pointInTime.sources
    .map((source) => joinedTable(plan, source))
    .map((name) => `${work.table(name)} AS ${name}`)
    .join(' POSITIONAL JOIN ');
}
