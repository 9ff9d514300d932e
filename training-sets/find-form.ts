import {
  chooseForm,
  dependsOnHistory,
  historySizeSql,
} from '../datasources/offline/point-in-time/duckdb/choose-form.js';
import type { PointInTimeForm } from '../datasources/offline/point-in-time/duckdb/compile-for-duckdb.js';
import type { SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import type { WorkDatabase } from './work-database.js';

/**
 * Chooses the faster form of a join of all labels in a table with a history. It measures the history only if its size
 * affects the choice.
 */
export async function findForm(
  work: WorkDatabase,
  source: SourcePlan,
  labelTable: string,
  historyTable: string,
): Promise<PointInTimeForm> {
  const [all] = await work.rows(
    `SELECT (SELECT count(*) FROM ${labelTable}) AS labels, (SELECT count(*) FROM ${historyTable}) AS rows`,
  );
  const labels = Number(all?.labels);
  if (!dependsOnHistory(labels, Number(all?.rows))) return chooseForm(labels);
  const [size] = await work.rows(
    historySizeSql(source, `SELECT ${source.entityColumn} FROM ${labelTable}`, historyTable),
  );
  return chooseForm(labels, { pairs: Number(size?.pairs), rows: Number(size?.history_rows) });
}
