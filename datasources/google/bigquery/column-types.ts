import type { ValueType } from '../../../values/value-type.js';
import { typeName } from './type-names.js';

interface ColumnType {
  readonly type: string;
  readonly mode: 'NULLABLE' | 'REPEATED';
}

/** The column of each value type. A STRUCT is JSON: its fields are not declared in the registry. */
const COLUMN_TYPES = {
  BOOL: { type: 'BOOL', mode: 'NULLABLE' },
  BOOL_ARRAY: { type: 'BOOL', mode: 'REPEATED' },
  DOUBLE: { type: 'FLOAT64', mode: 'NULLABLE' },
  DOUBLE_ARRAY: { type: 'FLOAT64', mode: 'REPEATED' },
  INT64: { type: 'INT64', mode: 'NULLABLE' },
  INT64_ARRAY: { type: 'INT64', mode: 'REPEATED' },
  STRING: { type: 'STRING', mode: 'NULLABLE' },
  STRING_ARRAY: { type: 'STRING', mode: 'REPEATED' },
  BYTES: { type: 'BYTES', mode: 'NULLABLE' },
  STRUCT: { type: 'JSON', mode: 'NULLABLE' },
  TIMESTAMP: { type: 'TIMESTAMP', mode: 'NULLABLE' },
} satisfies Record<ValueType, ColumnType>;

export function toBigQueryColumn(valueType: ValueType): ColumnType {
  return COLUMN_TYPES[valueType];
}

/** Whether a column can be read as a value type without loss. Any nested column can be read as JSON. */
export function isReadableAs(valueType: ValueType, column: { readonly type: string; readonly mode: string }): boolean {
  const wanted = toBigQueryColumn(valueType);
  if ((column.mode === 'REPEATED') !== (wanted.mode === 'REPEATED')) return false;
  const type = typeName(column.type);
  return type === wanted.type || (wanted.type === 'JSON' && type === 'STRUCT');
}
