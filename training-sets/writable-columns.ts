import { describeLoss } from '../datasources/duckdb/writable-types.js';
import { badInput } from '../errors/app-error.js';
import type { TrainingSetOutputRequest } from './training-sets.js';
import type { OutputColumn, TrainingSetPlan } from './training-set-plan.js';

/** What a refusal advises. BIGQUERY is not among them: not each gateway has it. */
const FORMATS = ['PARQUET', 'CSV', 'TABLE'] as const;

/** Rejects a column that the format of the output cannot carry, before a job starts. */
export function refuseUnwritableColumns(
  { outputColumns }: TrainingSetPlan,
  format: TrainingSetOutputRequest['format'],
): void {
  for (const column of outputColumns) {
    // A moment is written with its zone.
    const written = column.isMoment ? { ...column, type: 'TIMESTAMP WITH TIME ZONE' } : column;
    const loss = describeLoss(written, format, FORMATS);
    if (loss !== undefined) throw badInput(loss, 'output.format');
    if (format === 'BIGQUERY') refuseNames(column);
  }
}

/** The names that BigQuery takes for columns, and that no program has to quote. */
const COLUMN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,299}$/;
const RESERVED_PREFIXES = [
  '_TABLE_',
  '_FILE_',
  '_PARTITION',
  '_ROW_TIMESTAMP',
  '__ROOT__',
  '_COLIDENTIFIER',
  '_CHANGE_SEQUENCE_NUMBER',
  '_CHANGE_TYPE',
  '_CHANGE_TIMESTAMP',
];

function refuseNames({ name, type }: OutputColumn): void {
  for (const [, field = ''] of type.matchAll(/"((?:[^"]|"")*)"/g)) {
    if (COLUMN_NAME.test(field)) continue;
    throw badInput(
      `Column "${name}" has a field "${field}", which BigQuery has not: a name has letters, digits and underscores. Cast the ` +
        'column to JSON, which is written as text, or choose another format.',
      'output.format',
    );
  }
  const isReserved = RESERVED_PREFIXES.some((prefix) => name.toUpperCase().startsWith(prefix));
  if (COLUMN_NAME.test(name) && !isReserved) return;
  throw badInput(
    `BigQuery has no column "${name}": a name has at most 300 letters, digits and underscores, begins with a letter or an ` +
      'underscore, and with no prefix that BigQuery keeps for itself. Rename the column of the labels, or choose another format.',
    'output.format',
  );
}
