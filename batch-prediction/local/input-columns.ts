import type { ModelField } from '../../datasources/registry/prediction-model.js';
import { isConvertible, type SourceColumn } from '../../datasources/duckdb/column-types.js';
import { toDuckDbType } from '../../datasources/duckdb/value-mapping.js';
import { quoteIdentifier, quoteText } from '../../datasources/duckdb/sql-text.js';
import { toElementType, type ValueType } from '../../values/value-type.js';
import type { TypedName } from './checkpoint.js';
import { textToValue, withoutNulls } from './text-to-value.js';

/** A column of the input as an instance has it. */
export interface InputColumn extends TypedName {
  /** SQL of the value; null where `raw` is not of the type. */
  readonly value: string;
  /** SQL of what stands in the input; null for a column that can always be read. */
  readonly raw: string | null;
}

/** Columns that have types of their own: Parquet, tables. Those the model does not ask for keep theirs. */
export function typedColumns(columns: readonly SourceColumn[], inputs: readonly ModelField[]): InputColumn[] {
  return columns.map(({ name, type }) => {
    const raw = quoteIdentifier(name);
    const input = inputs.find((candidate) => candidate.name === name);
    const valueType = input?.valueType ?? inferValueType(type);
    return { name, valueType, value: fromTyped(raw, type, valueType), raw: input ? raw : null };
  });
}

/** Columns whose type does not fit the model's input of that name. */
export function mismatches(columns: readonly SourceColumn[], inputs: readonly ModelField[]): string[] {
  return inputs.flatMap(({ name, valueType }) => {
    const column = columns.find((candidate) => candidate.name === name);
    return column && !isConvertible(column.type, valueType) ? [`${name} is ${column.type}, not ${valueType}`] : [];
  });
}

/** Columns of CSV: text, read as what the model asks for; the others stay text. */
export function csvColumns(names: readonly string[], inputs: readonly ModelField[]): InputColumn[] {
  return names.map((name) => {
    const raw = quoteIdentifier(name);
    const valueType = inputs.find((input) => input.name === name)?.valueType ?? 'STRING';
    return { name, valueType, value: textToValue(valueType, raw), raw };
  });
}

/**
 * Columns of lines of JSON in `json`: what is declared is read as its type, all else stays JSON. `texts` and `jsons` are
 * the lists that `jsonLists` makes: a line is parsed once for all of its columns.
 */
export function jsonColumns(names: readonly string[], declared: readonly TypedName[]): InputColumn[] {
  return names.map((name, index) => {
    const text = `texts[${index + 1}]`;
    const valueType = declared.find((input) => input.name === name)?.valueType;
    if (valueType === undefined || valueType === 'STRUCT') {
      return { name, valueType: 'STRUCT', value: `CAST(jsons[${index + 1}] AS VARCHAR)`, raw: null };
    }
    return { name, valueType, value: textToValue(valueType, text), raw: text };
  });
}

export function jsonLists(names: readonly string[]): string {
  const pointers = `[${names.map((name) => quoteText(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)).join(', ')}]`;
  return `json_extract_string(json, ${pointers}) AS texts, json_extract(json, ${pointers}) AS jsons`;
}

function fromTyped(raw: string, type: string, valueType: ValueType): string {
  if (valueType === 'STRUCT') return `CAST(to_json(${raw}) AS VARCHAR)`;
  if (valueType === 'TIMESTAMP' && type === 'TIMESTAMP WITH TIME ZONE') return `make_timestamp(epoch_us(${raw}))`;
  const cast = `TRY_CAST(${raw} AS ${toDuckDbType(valueType).toString()})`;
  return toElementType(valueType) ? withoutNulls(cast) : cast;
}

const INTEGERS = /^(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/;

/** The value type nearest to a DuckDB type. Nested ones become JSON, what has no type of ours becomes its text. */
function inferValueType(type: string): ValueType {
  if (type === 'BOOLEAN') return 'BOOL';
  if (INTEGERS.test(type)) return 'INT64';
  if (/^(FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type)) return 'DOUBLE';
  if (type === 'BLOB') return 'BYTES';
  if (/^(TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?|DATE)$/.test(type)) return 'TIMESTAMP';
  if (/^(STRUCT|MAP|JSON)|\]$/.test(type)) return 'STRUCT';
  return 'STRING';
}
