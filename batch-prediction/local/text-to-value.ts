import type { ValueType } from '../../values/value-type.js';
import { toDuckDbType } from '../../datasources/duckdb/value-mapping.js';

/**
 * SQL that reads a text (a CSV field, a JSON value) as a value type: null when it is not one. DuckDB's own casts are too
 * kind for data nobody looks at: they round '1.5' to 2 for a BIGINT and drop the offset of a time.
 */
export function textToValue(valueType: ValueType, text: string): string {
  switch (valueType) {
    case 'STRING':
      return text;
    case 'INT64':
      // 1.0 is how other tools write a whole number beside missing ones.
      return `CASE WHEN regexp_full_match(${text}, '\\s*[+-]?\\d+(\\.0*)?\\s*') THEN TRY_CAST(${text} AS BIGINT) END`;
    case 'TIMESTAMP':
      return `make_timestamp(epoch_us(TRY_CAST(${text} AS TIMESTAMPTZ)))`;
    case 'BYTES':
      return `TRY(from_base64(${text}))`;
    case 'STRUCT':
      return `CASE WHEN json_valid(${text}) THEN ${text} END`;
    case 'BOOL':
    case 'DOUBLE':
      return `TRY_CAST(${text} AS ${toDuckDbType(valueType).toString()})`;
    default:
      return withoutNulls(
        `CASE WHEN json_valid(${text}) THEN TRY_CAST(CAST(${text} AS JSON) AS ${toDuckDbType(valueType).toString()}) END`,
      );
  }
}

/** Arrays hold no nulls; an element that could not be read became one. */
export function withoutNulls(list: string): string {
  return `CASE WHEN len(${list}) = list_count(${list}) THEN ${list} END`;
}
