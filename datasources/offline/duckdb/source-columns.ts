import { OperatorError } from '../../../errors/operator-error.js';
import type { ValueType } from '../../../values/value-type.js';
import { convertSql, isConvertible, type SourceColumn } from '../../duckdb/column-types.js';
import type { FeatureSource } from '../../registry/model.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';

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
  return convertSql(`source.${quoteIdentifier(name)}`, valueType);
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
