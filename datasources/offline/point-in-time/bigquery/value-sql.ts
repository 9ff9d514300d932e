import type { ValueType } from '../../../../values/value-type.js';
import type { Feature } from '../../../registry/model.js';

/** The SQL for the values of a type. */
interface ValueSql {
  /** Reads a value from its column. */
  readonly read: (column: string) => string;
  /** Whether `read` returns null where the row has no value. BigQuery stores a null array as an empty one. */
  readonly keepsNull: boolean;
  /** A value in the form of the result: times are whole microseconds, which no client rounds. */
  readonly select: (value: string) => string;
}

const asItIs = (sql: string): string => sql;
const PLAIN: ValueSql = { read: asItIs, keepsNull: true, select: asItIs };
const ARRAY: ValueSql = { read: asItIs, keepsNull: false, select: asItIs };

const VALUE_SQL = {
  BOOL: PLAIN,
  BOOL_ARRAY: ARRAY,
  DOUBLE: PLAIN,
  DOUBLE_ARRAY: ARRAY,
  INT64: PLAIN,
  INT64_ARRAY: ARRAY,
  STRING: PLAIN,
  STRING_ARRAY: ARRAY,
  BYTES: PLAIN,
  // The text of the column's JSON. TO_JSON_STRING would make 'null' of a null.
  STRUCT: { read: (column) => `TO_JSON_STRING(${column})`, keepsNull: false, select: asItIs },
  TIMESTAMP: { read: asItIs, keepsNull: true, select: (value) => `UNIX_MICROS(${value})` },
} satisfies Record<ValueType, ValueSql>;

export function valueSql({ valueType }: Feature): ValueSql {
  return VALUE_SQL[valueType];
}
