import type { ValueType } from '../../values/value-type.js';
import { toDuckDbType } from '../../datasources/duckdb/value-mapping.js';

const READERS = {
  BOOL: castTo('BOOL'),
  BOOL_ARRAY: jsonListTo('BOOL_ARRAY'),
  DOUBLE: textToDouble,
  DOUBLE_ARRAY: (text) =>
    withoutNulls(
      `list_transform(CASE WHEN json_valid(${text}) THEN TRY_CAST(CAST(${text} AS JSON) AS VARCHAR[]) END, lambda e: ${textToDouble('e')})`,
    ),
  // Other tools write a whole number as 1.0 in columns with missing values.
  INT64: (text) =>
    `CASE WHEN regexp_full_match(${text}, '\\s*[+-]?\\d+(\\.0*)?\\s*') THEN TRY_CAST(${text} AS BIGINT) END`,
  INT64_ARRAY: jsonListTo('INT64_ARRAY'),
  STRING: (text) => text,
  STRING_ARRAY: jsonListTo('STRING_ARRAY'),
  BYTES: (text) => `TRY(from_base64(${text}))`,
  STRUCT: (text) => `CASE WHEN json_valid(${text}) THEN ${text} END`,
  TIMESTAMP: (text) => `make_timestamp(epoch_us(TRY_CAST(${text} AS TIMESTAMPTZ)))`,
} satisfies Record<ValueType, (text: string) => string>;

/**
 * SQL that reads a text (a CSV field, a JSON value) as a value type: null when it does not have that type. DuckDB's own
 * casts are too lenient for unreviewed data: they round '1.5' to 2 for a BIGINT and drop the offset of a time.
 */
export function textToValue(valueType: ValueType, text: string): string {
  return READERS[valueType](text);
}

/** A whole number of 16 digits or more that no double represents is null: it would become another number. */
function textToDouble(text: string): string {
  const double = `TRY_CAST(${text} AS DOUBLE)`;
  return `CASE WHEN NOT regexp_full_match(${text}, '\\s*[+-]?\\d{16,}\\s*')
    OR ${wholeDoubleSql(`TRY_CAST(${text} AS HUGEINT)`, 'HUGEINT')} IS NOT NULL THEN ${double} END`;
}

/** SQL of an integer as a double; null if no double represents it. */
export function wholeDoubleSql(value: string, type: string): string {
  const double = `CAST(${value} AS DOUBLE)`;
  return `CASE WHEN TRY_CAST(${double} AS ${type}) = ${value} THEN ${double} END`;
}

function castTo(valueType: ValueType): (text: string) => string {
  return (text) => `TRY_CAST(${text} AS ${toDuckDbType(valueType).toString()})`;
}

function jsonListTo(valueType: ValueType): (text: string) => string {
  const type = toDuckDbType(valueType).toString();
  return (text) => withoutNulls(`CASE WHEN json_valid(${text}) THEN TRY_CAST(CAST(${text} AS JSON) AS ${type}) END`);
}

/** Whether a value of a type is itself JSON: its text without quotes would be read as another value ("1" and 1). */
const IS_JSON = {
  BOOL: false,
  BOOL_ARRAY: false,
  DOUBLE: false,
  DOUBLE_ARRAY: false,
  INT64: false,
  INT64_ARRAY: false,
  STRING: false,
  STRING_ARRAY: false,
  BYTES: false,
  STRUCT: true,
  TIMESTAMP: false,
} satisfies Record<ValueType, boolean>;

/** Whether values of a type stay JSON when they come from JSON. */
export function isJson(valueType: ValueType): boolean {
  return IS_JSON[valueType];
}

/** Arrays contain no nulls; an unreadable element became one. */
export function withoutNulls(list: string): string {
  return `CASE WHEN len(${list}) = list_count(${list}) THEN ${list} END`;
}
