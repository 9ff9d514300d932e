import { OperatorError } from '../../errors/operator-error.js';
import { DEFAULT_RETRY_DELAY_MS, retryOnRateLimit } from '../../datasources/google/bigquery/rate-limits.js';
import { formatTablePath, readTable, type TableAddress } from '../../datasources/google/bigquery/tables.js';
import { TIME_COLUMN } from '../migration-losses.js';
import type { StepOf } from '../migration-steps.js';
import { checkTableSql, createTableSql, exportedIdColumn, mergeSql } from '../table-sql.js';
import { runStatement } from './bigquery-job.js';
import { ALREADY_THERE } from './operations.js';
import type { StepContext, StepExecutor } from './step-context.js';

/** Makes the table of an entity type from its first export. */
export const createTable: StepExecutor<'table'> = async (step, context) => {
  const found = await readTable(context.services.bigQuery, step.to);
  if (found) {
    await requireColumns(step.to, ['entity_id', TIME_COLUMN, ...step.columns.map(({ name }) => name)], context);
  } else {
    await requireExport(step, context);
    await runStatement(step, createTableSql(step), context);
  }
  return joinNotes(found ? ALREADY_THERE : null, await checkTable(step, context));
};

/** Adds the second export to the table. */
export const mergeExport: StepExecutor<'merge'> = async (step, context) => {
  await requireExport(step, context);
  await runStatement(step, mergeSql(step), context);
  return checkTable(step, context);
};

async function requireExport({ entityType, from, columns }: StepOf<'table' | 'merge'>, context: StepContext) {
  await requireColumns(from, [exportedIdColumn(entityType), TIME_COLUMN, ...columns.map(({ name }) => name)], context);
}

/** Google does not document the columns of an export. Another name must stop here, with both names. */
async function requireColumns(table: TableAddress, wanted: readonly string[], { services }: StepContext) {
  const metadata = await readTable(services.bigQuery, table);
  const there = metadata?.schema?.fields?.map(({ name }) => name) ?? [];
  const missing = wanted.filter((name) => !there.includes(name));
  if (missing.length === 0) return;
  const other = there.filter((name) => !wanted.includes(name));
  throw new OperatorError(`Table ${formatTablePath(table)} lacks columns:`, [
    `missing: ${missing.slice(0, 10).join(', ')}`,
    `there instead: ${other.slice(0, 10).join(', ') || 'none'}`,
  ]);
}

/** Two rows of one entity and time make the newest a matter of chance, so the step fails. */
async function checkTable({ title, to, datasetLocation }: StepOf<'table' | 'merge'>, { services }: StepContext) {
  const request = { query: checkTableSql(to), location: datasetLocation, labels: { featuregraph: 'migrate' } };
  const [job] = await retryOnRateLimit(DEFAULT_RETRY_DELAY_MS, () => services.bigQuery.createQueryJob(request));
  const answer: unknown[] = await job.getQueryResults();
  const [counts] = answer[0] as [{ readonly doubled: number; readonly too_long: number }];
  if (counts.doubled > 0) {
    throw new OperatorError(`${title}: ${counts.doubled} times have two rows of one entity.`, [
      `delete one of each from ${formatTablePath(to)} and run the command again`,
    ]);
  }
  return counts.too_long === 0 ? null : `${counts.too_long} entity ids are too long for featuregraph.`;
}

function joinNotes(...notes: readonly (string | null)[]): string | null {
  return notes.filter((note) => note !== null).join(' ') || null;
}
