import { hasExactText } from '../../datasources/duckdb/exact-text.js';
import { describeLoss } from '../../datasources/duckdb/writable-types.js';
import { otherDelimiter } from '../../datasources/files/worker/csv-scanner.js';
import type { ModelField } from '../../datasources/registry/prediction-model.js';
import { AppError, badInput } from '../../errors/app-error.js';
import type { BatchOutput } from '../batch-predictions.js';
import { writtenType } from './instance-columns.js';
import type { readTypedColumns, SourceColumn } from './source-columns.js';

/** Refuses an input that lacks a column of the model. Inputs with a default may be missing. */
export function requireColumns(
  columns: readonly { readonly name: string }[],
  inputs: readonly ModelField[],
  field: string,
): void {
  const names = columns.map(({ name }) => name);
  const inAnyCase = new Set(names.map((name) => name.toLowerCase()));
  const missing = inputs.filter(({ name, default: value }) => {
    if (names.includes(name)) return false;
    // A default must not hide a column whose name differs in case alone.
    return value === undefined || inAnyCase.has(name.toLowerCase());
  });
  if (missing.length === 0) return;
  const missingColumns = missing.map(({ name }) => name);
  throw new AppError(
    'BAD_USER_INPUT',
    `The input lacks columns that the model needs: ${missingColumns.join(', ')}. It has: ${names.slice(0, 50).join(', ') || 'none'}${otherDelimiter(names)}.`,
    { field, missingColumns },
  );
}

/** Refuses columns of which no value can be one of the model's input. */
export function checkColumns(
  { columns, mismatches }: ReturnType<typeof readTypedColumns>,
  field: string,
): readonly SourceColumn[] {
  if (mismatches.length === 0) return columns;
  throw badInput(`Columns of the input do not have the types of the model's inputs: ${mismatches.join('; ')}.`, field);
}

/** Refuses a column that the format of the output cannot carry. A table is made of Parquet files. */
export function refuseUnwritableColumns(columns: readonly SourceColumn[], { format }: BatchOutput): void {
  const written = format === 'TABLE' ? 'PARQUET' : format;
  for (const { column } of columns) {
    const type = writtenType(column);
    const loss = describeLoss({ name: column.name, type }, written, ['PARQUET', 'JSONL']);
    if (loss !== undefined) throw badInput(loss, 'output.format');
    if (hasExactText(type)) continue;
    throw badInput(
      `Column "${column.name}" is ${type}, of which no output can carry every value. Cast it to VARCHAR, or leave it out.`,
      'output.format',
    );
  }
}
