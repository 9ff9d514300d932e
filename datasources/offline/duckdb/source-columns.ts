import { OperatorError } from '../../../errors/operator-error.js';
import type { ValueType } from '../../../values/value-type.js';
import { convertSql, isConvertible, type SourceColumn } from '../../duckdb/column-types.js';
import { quoteIdentifier, quoteText } from '../../duckdb/sql-text.js';
import { toDuckDbType } from '../../duckdb/value-mapping.js';
import { withinYears } from '../../files/text-times.js';
import { idTextSql, typedToTypeSql } from '../../files/typed-values.js';
import type { FeatureSource } from '../../registry/model.js';

/** Column types that can always be an entity id: each value has exactly one text. */
const ID_TYPE = /^(VARCHAR|UUID|DATE|BOOLEAN|ENUM\(.*\)|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/s;
/**
 * Column types that can be an entity id only where the value is a whole number, or bytes that are text. Otherwise 1.50
 * and 1.5 would become one entity.
 */
const ID_BY_VALUE = /^(FLOAT|DOUBLE|DECIMAL\(.*\)|BLOB)$/;

/** The prefix of an error that our own SQL raises; the rest of the message is for the operator. */
export const VALUE_FAULT = 'featuregraph: ';

/**
 * The SQL that gives the text of an id column. Refuses a column whose values would not be distinct, or could not be
 * found again, as text.
 */
export function idColumnSql(source: FeatureSource, columns: ReadonlyMap<string, SourceColumn>, name: string): string {
  const { type } = findColumn(source, columns, name);
  const value = `source.${quoteIdentifier(name)}`;
  if (ID_TYPE.test(type)) return value;
  const advice =
    `The id column "${name}" of ${describe(source)}${placeOf(source, name)} is ${type}. An id is text, a whole number, a UUID, a date or a boolean: ` +
    'CAST it in the SQL to what it is. Where ids of a CSV file only look like numbers, their text is lost by then: ' +
    'say of the table that the column is VARCHAR, as in tables: { orders: { file: orders.csv, columns: { id: VARCHAR } } }.';
  if (!ID_BY_VALUE.test(type)) throw new OperatorError(advice);
  return orFault(value, idTextSql(value, type)!, `${advice} A value that is no such id is `);
}

/** A column of which only some values have a given type: each value is checked. */
const BY_VALUE: Readonly<Partial<Record<ValueType, RegExp>>> = {
  BOOL: /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$/,
  INT64: /^(UBIGINT|U?HUGEINT|FLOAT|DOUBLE|DECIMAL\(.*\))$/,
  DOUBLE: /^(U?(BIGINT|HUGEINT)|DECIMAL\(.*\))$/,
  DOUBLE_ARRAY: /^(U?(BIGINT|HUGEINT)|DECIMAL\([^()]*\))\[\d*\]$/,
  STRING: /^BLOB$/,
};

/** Whether only some values of a column type are of a value type, so that the import may yet refuse one. */
export function dependsOnValues(type: string, valueType: ValueType): boolean {
  return BY_VALUE[valueType]?.test(type) ?? false;
}

/**
 * The SQL that converts a column of a source to a value type, or a clear refusal. `explain` tells why a text column of
 * a table does not have that type.
 */
export async function convertColumn(
  source: FeatureSource,
  columns: ReadonlyMap<string, SourceColumn>,
  name: string,
  valueType: ValueType,
  explain: (column: string, type: string) => Promise<string | undefined>,
): Promise<string> {
  const { type } = findColumn(source, columns, name);
  const value = `source.${quoteIdentifier(name)}`;
  const wanted = toDuckDbType(valueType).toString();
  if (dependsOnValues(type, valueType)) {
    const converted = typedToTypeSql(value, type, wanted, {})!;
    const refusal = `Column "${name}" of ${describe(source)}${placeOf(source, name)} is ${type}, and has a value that is out of range, has a fraction, or shares its DOUBLE with other whole numbers (from 2^53 on), which is no ${valueType}: `;
    return orFault(value, converted, refusal);
  }
  if (type === 'DATE' && valueType === 'TIMESTAMP') {
    throw new OperatorError(
      `Column "${name}" of ${describe(source)}${placeOf(source, name)} is DATE: a day, and no moment. Say of its table by dateAsMoment and timeZone which ` +
        'moment of the day it is (END_OF_DAY, where a value is known only when the day is over), or CAST it AS TIMESTAMP in the SQL.',
    );
  }
  if (isConvertible(type, valueType)) {
    const converted = convertSql(value, type, valueType);
    if (valueType !== 'TIMESTAMP') return converted;
    const refusal = `Column "${name}" of ${describe(source)}${placeOf(source, name)} has a time outside the years 0001 to 9999: `;
    return orFault(value, withinYears(converted), refusal);
  }
  const why = type === 'VARCHAR' || type === 'JSON' ? await explain(name, wanted) : undefined;
  throw new OperatorError(
    `Column "${name}" of ${describe(source)}${placeOf(source, name)} is ${type}, which is no ${valueType}. Cast it in the SQL, or change the registry.`,
    why === undefined ? [] : [why],
  );
}

/** SQL that converts a value, and fails with a message where it cannot. */
function orFault(value: string, converted: string, message: string): string {
  const fault = `error(${quoteText(VALUE_FAULT + message)} || CAST(${value} AS VARCHAR))`;
  return `CASE WHEN ${value} IS NOT NULL AND ${converted} IS NULL THEN ${fault} ELSE ${converted} END`;
}

function findColumn(source: FeatureSource, columns: ReadonlyMap<string, SourceColumn>, name: string): SourceColumn {
  const column = columns.get(name);
  if (column) return column;
  throw new OperatorError(
    `The SQL of ${describe(source)} gives no column "${name}". It gives: ${[...columns.keys()].join(', ')}.`,
  );
}

/**
 * The line of the SQL file that gives a column, for messages; empty if the name of the column is on no line, or on
 * several of which none has it as an alias.
 */
export function placeOf({ sql, sqlFile }: FeatureSource, column: string): string {
  if (sql === null || sqlFile === null) return '';
  // No name of a column in the registry has letters that mean something in a pattern.
  const name = `"?\\b${column}\\b"?`;
  const lines = sql.split('\n').map((line, index) => ({ number: index + 1, code: line.replace(/--.*/, '') }));
  const matching = (pattern: string) => lines.filter(({ code }) => new RegExp(pattern, 'i').test(code));
  const aliases = matching(`\\bAS\\s+${name}\\s*(,|$)`);
  const places = aliases.length > 0 ? aliases : matching(name);
  return places.length === 1 ? ` (${sqlFile}, line ${places[0]!.number})` : '';
}

/** Where the fault of a message of DuckDB is in the SQL file; empty if the message does not say it. */
export function placeOfFault({ sql, sqlFile }: FeatureSource, message: string): string {
  const [, number, shown, before] = /^LINE (\d+): (.*)\n( *)\^/m.exec(message) ?? [];
  if (sql === null || sqlFile === null || number === undefined) return '';
  // DuckDB shows a part of a long line.
  const part = shown!.replace(/^\.\.\./, '').replace(/\.\.\.$/, '');
  const start = sql.split('\n')[Number(number) - 1]?.indexOf(part) ?? -1;
  const line = ` (${sqlFile}, line ${number}`;
  const column = before!.length - `LINE ${number}: `.length - shown!.indexOf(part) + start + 1;
  return start < 0 ? `${line})` : `${line}, column ${column})`;
}

/** The name of a source in messages to an operator. */
export function describe(source: FeatureSource): string {
  return `source "${source.name}" of entity type "${source.entityType.featurestore.name}.${source.entityType.name}"`;
}
