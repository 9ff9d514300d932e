import { COLUMN_TYPES } from '../../datasources/duckdb/column-types.js';
import type { ValueType } from '../../values/value-type.js';

/**
 * A column of an instance: an input of the model with its value type, or a column that passes through with the type of
 * the input, in DuckDB's notation. In checkpoints of older versions, all columns have value types.
 */
export type InstanceColumn = TypedName | PassedColumn;

export interface TypedName {
  readonly name: string;
  readonly valueType: ValueType;
}

export interface PassedColumn {
  readonly name: string;
  readonly type: string;
}

/** The exact texts of the values of a row (datasources/duckdb/exact-text.ts), by column. */
export type ExactTexts = Readonly<Record<string, string | null>>;

/** The text of a column; null also for one that is not there. A column may be called like a property of all objects. */
export function textOf(texts: ExactTexts, name: string): string | null {
  return Object.hasOwn(texts, name) ? texts[name]! : null;
}

/** The type of each value type in the output. JSON is text in Parquet. */
const WRITTEN_TYPES = {
  ...COLUMN_TYPES,
  TIMESTAMP: 'TIMESTAMP WITH TIME ZONE',
} satisfies Record<ValueType, string>;

/** The type of a column in the output. A moment has a zone, so that Parquet says that it is UTC. */
export function writtenType(column: InstanceColumn): string {
  return 'valueType' in column ? WRITTEN_TYPES[column.valueType] : column.type;
}

/** Whether two lists have the same columns with the same types in the output, in any order. */
export function areSameColumns(some: readonly InstanceColumn[], others: readonly InstanceColumn[]): boolean {
  const types = new Map(some.map((column) => [column.name, writtenType(column)]));
  return some.length === others.length && others.every((column) => types.get(column.name) === writtenType(column));
}
