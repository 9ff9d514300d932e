import { describeLoss } from '../datasources/duckdb/writable-types.js';
import { badInput } from '../errors/app-error.js';
import type { TrainingSetOutputRequest } from './training-sets.js';
import type { TrainingSetPlan } from './training-set-plan.js';

const FORMATS = ['PARQUET', 'CSV', 'TABLE'] as const;

/** Rejects a column that the format of the output cannot carry, before a job starts. */
export function refuseUnwritableColumns(
  { outputColumns }: TrainingSetPlan,
  format: TrainingSetOutputRequest['format'],
): void {
  for (const column of outputColumns) {
    const loss = describeLoss(column, format, FORMATS);
    if (loss !== undefined) throw badInput(loss, 'output.format');
  }
}
