import { OperatorError } from '../../../errors/operator-error.js';
import type { ValueType } from '../../../values/value-type.js';
import type { FeatureSource } from '../../registry/model.js';
import { quoteIdentifier } from '../point-in-time/sql-text.js';
import { toDuckDbType } from './value-mapping.js';

export interface SourceColumn {
  readonly name: string;
  /** As DuckDB describes it: `BIGINT`, `DECIMAL(18,3)`, `DOUBLE[]`. */
  readonly type: string;
}

const INTEGERS = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

/** Which column types can become a value type without losing anything in silence. An integer too large fails the cast. */
const CONVERTIBLE = {
  BOOL: isBoolean,
  BOOL_ARRAY: listOf(isBoolean),
  DOUBLE: isNumber,
  DOUBLE_ARRAY: listOf(isNumber),
  INT64: isInteger,
  INT64_ARRAY: listOf(isInteger),
  STRING: isText,
  STRING_ARRAY: listOf(isText),
  BYTES: (type) => type === 'BLOB',
  STRUCT: (type) => /^(STRUCT\(.*\)|MAP\(.*\)|JSON)$/s.test(type),
  // TIMESTAMP_NS is not here: its last digits would be rounded away.
  TIMESTAMP: (type) => /^(TIMESTAMP(_S|_MS| WITH TIME ZONE)?|DATE)$/.test(type),
} satisfies Record<ValueType, (type: string) => boolean>;

function isBoolean(type: string): boolean {
  return type === 'BOOLEAN';
}

function isInteger(type: string): boolean {
  return INTEGERS.test(type);
}

function isNumber(type: string): boolean {
  return isInteger(type) || /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type);
}

function isText(type: string): boolean {
  return /^(VARCHAR|UUID|ENUM\(.*\))$/.test(type);
}

/** A LIST (`DOUBLE[]`) or an ARRAY (`DOUBLE[3]`). */
function listOf(isElement: (type: string) => boolean): (type: string) => boolean {
  return (type) => {
    const element = /^(.*)\[\d*\]$/s.exec(type)?.[1];
    return element !== undefined && isElement(element);
  };
}

/** The SQL that makes a column a value type. */
const CONVERSIONS = {
  BOOL: castTo('BOOL'),
  BOOL_ARRAY: castTo('BOOL_ARRAY'),
  DOUBLE: castTo('DOUBLE'),
  DOUBLE_ARRAY: castTo('DOUBLE_ARRAY'),
  INT64: castTo('INT64'),
  INT64_ARRAY: castTo('INT64_ARRAY'),
  STRING: castTo('STRING'),
  STRING_ARRAY: castTo('STRING_ARRAY'),
  BYTES: castTo('BYTES'),
  STRUCT: (column) => `CAST(to_json(${column}) AS VARCHAR)`,
  TIMESTAMP: castTo('TIMESTAMP'),
} satisfies Record<ValueType, (column: string) => string>;

function castTo(valueType: ValueType): (column: string) => string {
  return (column) => `CAST(${column} AS ${toDuckDbType(valueType).toString()})`;
}

/**
 * Which column types can be an entity id: those with one text for each value. A number with a fraction has not (1.50 and 1.5
 * would become one entity, 2 would become 2.0), nor has a time.
 */
const ID_TYPE = /^(VARCHAR|UUID|DATE|BOOLEAN|ENUM\(.*\)|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/s;

/** Refuses an id column whose values could not be told apart, or found again, as text. */
export function checkIdColumn(source: FeatureSource, columns: ReadonlyMap<string, SourceColumn>, name: string): void {
  const { type } = findColumn(source, columns, name);
  if (ID_TYPE.test(type)) return;
  throw new OperatorError(
    `The id column "${name}" of ${describe(source)} is ${type}. An id is text, an integer, a UUID, a date or a boolean: ` +
      'CAST it in the SQL to what it is. Where ids of a CSV file only look like numbers, their text is lost by then: ' +
      'say of the table that the column is VARCHAR, as in tables: { orders: { file: orders.csv, columns: { id: VARCHAR } } }.',
  );
}

/** The SQL that turns a column of a source into a value type, or a clear refusal. */
export function convertColumn(
  source: FeatureSource,
  columns: ReadonlyMap<string, SourceColumn>,
  name: string,
  valueType: ValueType,
): string {
  const column = findColumn(source, columns, name);
  if (!isConvertible(column.type, valueType)) {
    throw new OperatorError(
      `Column "${name}" of ${describe(source)} is ${column.type}, which is no ${valueType}. Cast it in the SQL, or change the registry.`,
    );
  }
  return CONVERSIONS[valueType](`source.${quoteIdentifier(name)}`);
}

function findColumn(source: FeatureSource, columns: ReadonlyMap<string, SourceColumn>, name: string): SourceColumn {
  const column = columns.get(name);
  if (column) return column;
  throw new OperatorError(
    `The SQL of ${describe(source)} gives no column "${name}". It gives: ${[...columns.keys()].join(', ')}.`,
  );
}

/** A source as the messages to an operator name it. */
export function describe(source: FeatureSource): string {
  return `source "${source.name}" of entity type "${source.entityType.featurestore.name}.${source.entityType.name}"`;
}

/** Whether a DuckDB type can become a value type without losing anything in silence. */
export function isConvertible(type: string, valueType: ValueType): boolean {
  return CONVERTIBLE[valueType](type);
}
