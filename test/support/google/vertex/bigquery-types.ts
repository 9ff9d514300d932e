import type { SqlValue } from '../googlesql/evaluator.js';
import type { Field } from '../bigquery-server/schema.js';
import type { Instant } from '../../../../values/instant.js';
import { refuse } from './refusal.js';
import type { StoredType } from './stored-values.js';

type Scalar = 'BOOL' | 'BYTES' | 'DOUBLE' | 'INT64' | 'STRING';

const FIELD_TYPES: Readonly<Record<string, string>> = {
  BOOL: 'BOOLEAN',
  BYTES: 'BYTES',
  DOUBLE: 'FLOAT',
  INT64: 'INTEGER',
  STRING: 'STRING',
};
const SQL_MEMBERS = {
  BOOL: 'bool_value',
  BYTES: 'bytes_value',
  DOUBLE: 'double_value',
  INT64: 'int64_value',
  STRING: 'string_value',
} as const;

/** The column of a feature in an export. */
export function fieldOf(name: string, type: StoredType): Field {
  const scalar = type.replace('_ARRAY', '');
  const fieldType = FIELD_TYPES[scalar] ?? refuse('INVALID_ARGUMENT', `this server exports no ${type}`);
  return { name, type: fieldType, mode: type.endsWith('_ARRAY') ? 'REPEATED' : 'NULLABLE' };
}

/** The type that a feature view has for a column: a TIMESTAMP is an INT64 there. */
export function storedTypeOf({ name, type, mode }: Field): StoredType {
  const scalar = type === 'TIMESTAMP' ? 'INT64' : Object.keys(FIELD_TYPES).find((key) => FIELD_TYPES[key] === type);
  if (!scalar) refuse('INVALID_ARGUMENT', `column ${name} has a type that views do not serve: ${type}`);
  return (mode === 'REPEATED' ? `${scalar}_ARRAY` : scalar) as StoredType;
}

/** A value of the wire as a cell of a table. */
export function toSqlValue(type: StoredType, wire: any): SqlValue {
  const member = SQL_MEMBERS[type.replace('_ARRAY', '') as Scalar];
  const content = wire[wire.value];
  if (!type.endsWith('_ARRAY')) return { [member]: content };
  return { array_value: { element: content.values.map((item: unknown) => ({ [member]: item })) } };
}

export function noSqlValue(type: StoredType): SqlValue {
  return type.endsWith('_ARRAY') ? { array_value: { element: [] } } : {};
}

/** A cell of a table as a value of the wire; undefined for a null or an empty array, which an export has for a null. */
export function toWireValue(type: StoredType, cell: SqlValue): any {
  const scalar = type.replace('_ARRAY', '') as Scalar;
  const member = `${type.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())}Value`;
  if (type.endsWith('_ARRAY')) {
    const element = cell.array_value?.element ?? [];
    if (element.length === 0) return undefined;
    return { value: member, [member]: { values: element.map((item) => item[SQL_MEMBERS[scalar]]) } };
  }
  const content = cell[SQL_MEMBERS[scalar]];
  return content === undefined ? undefined : { value: member, [member]: content };
}

export function toSqlTime(time: Instant): SqlValue {
  const micros = ((time % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { timestamp_value: { seconds: String((time - micros) / 1_000_000n), nanos: Number(micros) * 1000 } };
}
