import type { ModelField } from '../../datasources/registry/prediction-model.js';
import { isConvertible, type SourceColumn } from '../../datasources/duckdb/column-types.js';
import { toDuckDbType } from '../../datasources/duckdb/value-mapping.js';
import { quoteIdentifier, quoteText } from '../../datasources/duckdb/sql-text.js';
import { VALUE_TYPES, type ValueType } from '../../values/value-type.js';
import type { TypedName } from './checkpoint.js';
import { isJson, textToValue, wholeDoubleSql, withoutNulls } from './text-to-value.js';

/** A column of the input as an instance has it. */
export interface InputColumn extends TypedName {
  /** SQL of the value; null where `raw` is not of the type. */
  readonly value: string;
  /** SQL of the original value; null for a column that can always be read. */
  readonly raw: string | null;
}

/** Columns with their own types: Parquet, tables. Columns that the model does not use retain their types. */
export function typedColumns(columns: readonly SourceColumn[], inputs: readonly ModelField[]): InputColumn[] {
  return columns.map(({ name, type }) => {
    const raw = quoteIdentifier(name);
    const input = inputs.find((candidate) => candidate.name === name);
    const valueType = input?.valueType ?? inferValueType(type);
    return { name, valueType, value: FROM_TYPED[valueType](raw, type), raw: input ? raw : null };
  });
}

/** Columns whose type does not match the model's input with the same name. */
export function mismatches(columns: readonly SourceColumn[], inputs: readonly ModelField[]): string[] {
  return inputs.flatMap(({ name, valueType }) => {
    const column = columns.find((candidate) => candidate.name === name);
    return column && !isConvertible(column.type, valueType) ? [`${name} is ${column.type}, not ${valueType}`] : [];
  });
}

/** Columns of CSV: text that is read as the type of the model's input; the others stay text. */
export function csvColumns(names: readonly string[], inputs: readonly ModelField[]): InputColumn[] {
  return names.map((name) => {
    const raw = quoteIdentifier(name);
    const valueType = inputs.find((input) => input.name === name)?.valueType ?? 'STRING';
    return { name, valueType, value: textToValue(valueType, raw), raw };
  });
}

/**
 * Columns of lines of JSON in `json`: declared columns are read as their types, all others stay JSON. `texts` and
 * `jsons` are the lists that `jsonLists` creates: each line is parsed once for all its columns.
 */
export function jsonColumns(names: readonly string[], declared: readonly TypedName[]): InputColumn[] {
  return names.map((name, index) => {
    const text = `texts[${index + 1}]`;
    const valueType = declared.find((input) => input.name === name)?.valueType;
    if (valueType === undefined || isJson(valueType)) {
      return { name, valueType: 'STRUCT', value: `CAST(jsons[${index + 1}] AS VARCHAR)`, raw: null };
    }
    return { name, valueType, value: textToValue(valueType, text), raw: text };
  });
}

export function jsonLists(names: readonly string[]): string {
  const pointers = `[${names.map((name) => quoteText(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)).join(', ')}]`;
  return `json_extract_string(json, ${pointers}) AS texts, json_extract(json, ${pointers}) AS jsons`;
}

function tryCast(valueType: ValueType): (raw: string) => string {
  return (raw) => `TRY_CAST(${raw} AS ${toDuckDbType(valueType).toString()})`;
}

function tryCastList(valueType: ValueType): (raw: string) => string {
  return (raw) => withoutNulls(tryCast(valueType)(raw));
}

/** The integers that a double may round. */
const LONG_INTEGER = /^U?(BIGINT|HUGEINT)$/;

/** SQL that reads a column of a DuckDB type as a value type; null where a value does not have that type. */
const FROM_TYPED = {
  BOOL: tryCast('BOOL'),
  BOOL_ARRAY: tryCastList('BOOL_ARRAY'),
  DOUBLE: (raw, type) => (LONG_INTEGER.test(type) ? wholeDoubleSql(raw, type) : tryCast('DOUBLE')(raw)),
  DOUBLE_ARRAY: (raw, type) => {
    const element = type.replace(/\[\d*\]$/, '');
    if (!LONG_INTEGER.test(element)) return tryCastList('DOUBLE_ARRAY')(raw);
    return withoutNulls(`list_transform(${raw}, lambda e: ${wholeDoubleSql('e', element)})`);
  },
  INT64: tryCast('INT64'),
  INT64_ARRAY: tryCastList('INT64_ARRAY'),
  STRING: tryCast('STRING'),
  STRING_ARRAY: tryCastList('STRING_ARRAY'),
  BYTES: tryCast('BYTES'),
  STRUCT: (raw) => `CAST(to_json(${raw}) AS VARCHAR)`,
  TIMESTAMP: (raw, type) =>
    type === 'TIMESTAMP WITH TIME ZONE' ? `make_timestamp(epoch_us(${raw}))` : tryCast('TIMESTAMP')(raw),
} satisfies Record<ValueType, (raw: string, type: string) => string>;

/** The closest DuckDB types of each value type; null for a type that no column gets by default. */
const INFERRED_FROM = {
  BOOL: /^BOOLEAN$/,
  BOOL_ARRAY: null,
  DOUBLE: /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/,
  DOUBLE_ARRAY: null,
  INT64: /^(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/,
  INT64_ARRAY: null,
  // A value without a matching type becomes its text.
  STRING: null,
  STRING_ARRAY: null,
  BYTES: /^BLOB$/,
  // Nested values become JSON.
  STRUCT: /^(STRUCT|MAP|JSON)|\]$/,
  TIMESTAMP: /^(TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?|DATE)$/,
} satisfies Record<ValueType, RegExp | null>;

function inferValueType(type: string): ValueType {
  return VALUE_TYPES.find((valueType) => INFERRED_FROM[valueType]?.test(type)) ?? 'STRING';
}
