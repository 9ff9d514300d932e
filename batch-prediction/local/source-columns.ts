import { COLUMN_TYPES } from '../../datasources/duckdb/column-types.js';
import { exactTextSql } from '../../datasources/duckdb/exact-text.js';
import { quoteIdentifier } from '../../datasources/duckdb/sql-text.js';
import type { FileOptions } from '../../datasources/files/file-options.js';
import { FINER } from '../../datasources/files/read-parquet-files.js';
import { JSON_OBJECT, misfitText } from '../../datasources/files/text-values.js';
import { idTextSql, nullSql, typedToTypeSql } from '../../datasources/files/typed-values.js';
import type { ModelField } from '../../datasources/registry/prediction-model.js';
import type { ValueType } from '../../values/value-type.js';
import type { InstanceColumn } from './instance-columns.js';

/** A column of an input that has types: Parquet, a table. */
export interface OwnColumn {
  readonly name: string;
  readonly type: string;
  /** Whether it has only nulls and no type, so that it fits every input. */
  readonly isOfNulls?: boolean;
  /** SQL of the value. Default: the column of this name. */
  readonly value?: string;
}

/** A column of an instance, and how it is read. */
export interface SourceColumn {
  readonly column: InstanceColumn;
  /** SQL of the value: that of the model's input, or that of the column itself. Null where a value does not fit. */
  readonly value: string;
  /** SQL of the text of the value as the input has it; null for a column in which every value fits. */
  readonly original: string | null;
  /** The words about a value that does not fit, from its original text. */
  readonly describeMisfit: (original: string) => string;
}

/** The type that an input of a model is read as, in the notation of the reader of files. */
const INPUT_TYPES = { ...COLUMN_TYPES, STRUCT: JSON_OBJECT } satisfies Record<ValueType, string>;

export function inputType(valueType: ValueType): string {
  return INPUT_TYPES[valueType];
}

/** The words about a text that is no value of an input. */
export function inputMisfit(valueType: ValueType, options: FileOptions): (original: string) => string {
  return (original) => misfitText(original, inputType(valueType), options, valueType);
}

/**
 * Reads columns with types: an input of the model by the value, any other as it is. Gives the names of columns of which
 * no value can be one of the input.
 */
export function readTypedColumns(
  columns: readonly OwnColumn[],
  inputs: readonly ModelField[],
  options: FileOptions,
): { readonly columns: readonly SourceColumn[]; readonly mismatches: readonly string[] } {
  const mismatches: string[] = [];
  const read = columns.flatMap((own): SourceColumn[] => {
    const input = inputs.find(({ name }) => name === own.name);
    if (!input) return [passThrough(own)];
    const column = readInput(own, input, options);
    if (!column) mismatches.push(`${own.name} is ${own.type}, not ${input.valueType}${adviceFor(own, input)}`);
    return column ? [column] : [];
  });
  return { columns: read, mismatches };
}

function adviceFor({ type }: OwnColumn, { valueType }: ModelField): string {
  if (type !== 'DATE' || valueType !== 'TIMESTAMP') return '';
  return ' (say by dateAsMoment and timeZone which moment of the day it is)';
}

function passThrough({ name, type, value = quoteIdentifier(name) }: OwnColumn): SourceColumn {
  const own = { describeMisfit: (original: string) => `${original} ${FINER}` };
  if (type !== 'TIMESTAMP_NS') return { column: { name, type }, value, original: null, ...own };
  // No other column of a table keeps nanoseconds either: a time that is cut would be another time.
  const whole = typedToTypeSql(value, type, 'TIMESTAMP', {})!;
  return { column: { name, type: 'TIMESTAMP' }, value: whole, original: exactTextSql(value, type), ...own };
}

function readInput(
  { name, type, isOfNulls, value: own = quoteIdentifier(name) }: OwnColumn,
  { valueType }: ModelField,
  options: FileOptions,
): SourceColumn | undefined {
  const wanted = inputType(valueType);
  const isWanted = type === wanted && valueType !== 'TIMESTAMP';
  // A whole number, a UUID and a date have one text each, so that they can be a text.
  const converted = isWanted
    ? own
    : ((isOfNulls === true ? nullSql(wanted) : typedToTypeSql(own, type, wanted, options)) ??
      (wanted === 'VARCHAR' ? idTextSql(own, type) : undefined));
  if (converted === undefined) return undefined;
  const isNanoseconds = type === 'TIMESTAMP_NS';
  return {
    column: { name, valueType },
    value: converted,
    original: converted === own ? null : exactTextSql(own, type),
    describeMisfit: isNanoseconds ? (original) => `${original} ${FINER}` : inputMisfit(valueType, options),
  };
}
