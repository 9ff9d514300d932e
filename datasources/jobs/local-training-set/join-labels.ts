import { BIGINT } from '@duckdb/node-api';
import { historyTable } from '../../offline/duckdb/history-table.js';
import { mayHaveTies } from '../../offline/duckdb/import-record.js';
import { compileForDuckDb } from '../../offline/point-in-time/duckdb.js';
import { joinSql, Parameters, quoteIdentifier } from '../../offline/point-in-time/sql-text.js';
import type { FeatureSource } from '../../registry/model.js';
import { entityName, labelName } from './load-labels.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** Up to here the lookup form of the compiler is the faster one (bench/point-in-time). */
const MOST_LOOKUPS = 10_000;

/** Notes the last row of each source: rows that come while the job runs are not seen by one half of it alone. */
export async function takeSnapshot(work: WorkDatabase, { pointInTime }: TrainingSetPlan): Promise<void> {
  const sources = [...new Set(pointInTime.sources.map(({ source }) => source))];
  const lastRows = sources.map((source) => {
    const table = historyTable(source);
    return `SELECT '${table.replaceAll("'", "''")}' AS history_table, coalesce(max(rowid), -1) AS last_row FROM ${table}`;
  });
  await work.run(`CREATE OR REPLACE TABLE ${work.table('snapshot')} AS ${lastRows.join(' UNION ALL ')}`);
}

/** A source's table as it was when the snapshot was taken: rows are only ever added to it, at the end. */
export async function historyAt(
  work: WorkDatabase,
  { pointInTime }: TrainingSetPlan,
): Promise<(source: FeatureSource) => string> {
  const lastRows = await work.rows(`SELECT history_table, last_row FROM ${work.table('snapshot')}`);
  const byTable = new Map(lastRows.map((row) => [String(row.history_table), String(row.last_row)]));
  const tables = new Map(
    pointInTime.sources.map(({ source }) => {
      const table = historyTable(source);
      return [source, `(SELECT *, rowid FROM ${table} WHERE rowid <= ${byTable.get(table) ?? '-1'})`];
    }),
  );
  return (source) => tables.get(source)!;
}

export interface JoinProgress {
  /** Rows joined and durable. */
  readonly onChunk: (rows: bigint) => Promise<void>;
  /** Rows joined, as DuckDB estimates it of the chunk at work. */
  readonly onEstimate: (rows: bigint) => void;
}

/**
 * Joins the labels in chunks of so many rows into the work table `joined`, going on after those that are there. Its
 * columns: row_id, the labels', and what the compiler calls values and times. Chunks bound the memory; each sorts the
 * whole history again, so they are large.
 */
export async function joinLabels(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  chunkRows: number,
  { onChunk, onEstimate }: JoinProgress,
): Promise<void> {
  const total = await countRows(work, 'labels');
  const compiled = await compile(work, plan, total > MOST_LOOKUPS ? 'timeline' : 'lookup');
  const joined = work.table('joined');
  const run = async (
    range: string,
    into: (sql: string) => string,
    onShare?: (share: number) => void,
  ): Promise<void> => {
    const { sql, parameters } = compiled(range);
    await work.run(
      into(sql),
      parameters,
      parameters.map(() => BIGINT),
      onShare,
    );
  };
  if (!(await work.has('joined'))) await run('false', (sql) => `CREATE TABLE ${joined} AS ${sql} WITH NO DATA`);
  for (let from = await countRows(work, 'joined'); from < total; from += chunkRows) {
    const rows = Math.min(chunkRows, total - from);
    await run(
      `rowid >= ${from} AND rowid < ${from + rows}`,
      (sql) => `INSERT INTO ${joined} ${sql}`,
      (share) => onEstimate(BigInt(from + Math.floor(rows * share))),
    );
    await onChunk(BigInt(from + rows));
  }
}

export async function countRows(work: WorkDatabase, table: string): Promise<number> {
  const [row] = await work.rows(`SELECT count(*) AS rows FROM ${work.table(table)}`);
  return Number(row?.rows);
}

async function compile(work: WorkDatabase, plan: TrainingSetPlan, form: 'lookup' | 'timeline') {
  const { request, pointInTime, labelColumns } = plan;
  const tableOf = await historyAt(work, plan);
  const withTies = new Set<FeatureSource>();
  for (const { source } of pointInTime.sources) {
    if (await mayHaveTies(work.connection, source)) withTies.add(source);
  }
  const carried = labelColumns.map((_, index) => labelName(index));
  const columns = joinSql(
    ['rowid AS row_id', 'label_time', ...request.joins.map((_, index) => entityName(index)), ...carried],
    ', ',
  );
  return (range: string) =>
    compileForDuckDb<never>(
      pointInTime,
      {
        form,
        labels: `SELECT ${columns} FROM ${work.table('labels')} WHERE ${range}`,
        tableOf,
        mayHaveTies: (source) => withTies.has(source),
        carried: carried.map((name) => `l.${quoteIdentifier(name)}`),
        outputs: { timestamps: 'ONE_A_ROW', statuses: false },
      },
      new Parameters(),
    );
}
