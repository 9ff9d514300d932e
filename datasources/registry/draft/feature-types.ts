import type { ValueType } from '../../../values/value-type.js';
import { exactTextSql, hasExactText } from '../../duckdb/exact-text.js';
import type { FileFormat } from '../../files/file-format.js';
import type { ColumnFacts } from './column-facts.js';

/** How a column of a file becomes a feature. */
export interface FeatureType {
  readonly valueType: ValueType;
  /** SQL of the value, from the quoted name of the column. */
  readonly toSql: (column: string) => string;
  /** What the registry must declare of the column so that its text stays what it is. */
  readonly declaredType: string | null;
  /** What a reader of the draft would ask: why this type. */
  readonly reason: string | null;
}

const asItIs = (column: string): string => column;
const asText = (column: string): string => `CAST(${column} AS VARCHAR)`;

function feature(valueType: ValueType, more: Partial<FeatureType> = {}): FeatureType {
  return { valueType, toSql: asItIs, declaredType: null, reason: null, ...more };
}

/**
 * The type of a column that every one of its values has exactly, or the reason why it has none. A column of text files
 * that is text is declared, because a later file may hold only values that look like numbers.
 */
export function findFeatureType(column: ColumnFacts, format: FileFormat): FeatureType | { readonly leftOut: string } {
  const { type, hasValues } = column;
  const isText = format !== 'PARQUET';
  if (type === 'NULL') return { leftOut: 'it has no value, so its type is not known' };
  if (type.endsWith(']')) return listType(column, format);
  if (/^(STRUCT|MAP)\(/.test(type) || type === 'JSON') return nestedType(column, format);
  if (/^U?(TINYINT|SMALLINT|INTEGER)$/.test(type) || type === 'BIGINT') return feature('INT64');
  if (/^(UBIGINT|U?HUGEINT|DECIMAL\(.*\))$/.test(type)) return wideNumberType(column, format);
  switch (type) {
    case 'BOOLEAN':
      return feature('BOOL');
    case 'FLOAT':
    case 'DOUBLE':
      return feature('DOUBLE');
    case 'VARCHAR':
      return feature('STRING', { declaredType: isText ? 'VARCHAR' : null });
    case 'UUID':
      return feature('STRING', { toSql: asText });
    case 'BLOB':
      return feature('BYTES', {
        reason: hasValues ? 'bytes; if they are UTF-8 text, declare columns: { NAME: VARCHAR } of the table' : null,
      });
    case 'DATE':
      return isText
        ? feature('STRING', { declaredType: 'VARCHAR', reason: 'a date, as text' })
        : feature('STRING', { toSql: asText, reason: 'a date, as text' });
  }
  if (/^TIMESTAMP( WITH TIME ZONE|_S|_MS)?$/.test(type)) return feature('TIMESTAMP');
  if (type.startsWith('ENUM(') || type === 'TIME') return feature('STRING', { toSql: asText });
  return { leftOut: `no value type of features is ${shortType(type)}` };
}

/** A type for messages: nested types can be long. */
function shortType(type: string): string {
  return type.length > 60 ? `${type.slice(0, 60)}…` : type;
}

/** Numbers of which only some are an INT64 or a DOUBLE. Where one of them is neither, digits stay as text. */
function wideNumberType({ type, fitsInt64, fitsDouble }: ColumnFacts, format: FileFormat): FeatureType {
  const isWhole = !type.startsWith('DECIMAL') || type.endsWith(',0)');
  if (isWhole && fitsInt64) return feature('INT64', { toSql: (column) => `CAST(${column} AS BIGINT)` });
  if (!isWhole && fitsDouble) {
    return feature('DOUBLE', {
      toSql: (column) => `CAST(${column} AS DOUBLE)`,
      reason: `${type} in the file; each value is a DOUBLE without a loss`,
    });
  }
  const reason = `${type} in the file; no number type of features has all its digits, so it is text`;
  if (format === 'PARQUET') return feature('STRING', { toSql: asText, reason });
  return feature('STRING', { declaredType: 'VARCHAR', reason });
}

const LISTS: readonly (readonly [RegExp, ValueType])[] = [
  [/^BOOLEAN$/, 'BOOL_ARRAY'],
  [/^(U?(TINYINT|SMALLINT|INTEGER)|BIGINT)$/, 'INT64_ARRAY'],
  [/^(FLOAT|DOUBLE)$/, 'DOUBLE_ARRAY'],
  [/^VARCHAR$/, 'STRING_ARRAY'],
];
/** Types of which each value has exactly one text. */
const TEXTUAL = /^(UUID|DATE|TIME|TIMESTAMP.*|ENUM\(.*\)|UBIGINT|U?HUGEINT|DECIMAL\([^()]*\))$/;

function listType(column: ColumnFacts, format: FileFormat): FeatureType | { readonly leftOut: string } {
  const element = /^(.*)\[\d*\]$/s.exec(column.type)![1]!;
  if (format !== 'PARQUET' && column.isAlwaysEmpty) {
    return { leftOut: 'each of its lists is empty, so the type of its elements is not known' };
  }
  if (/\bBLOB\b/.test(element)) return { leftOut: 'bytes inside of a list have no value type of features' };
  if (/[[(]/.test(element) && !TEXTUAL.test(element)) {
    return feature('STRING', {
      toSql: (name) => jsonTextSql(name, column.type),
      declaredType: format === 'PARQUET' ? null : 'JSON',
      reason: 'nested lists, as JSON text',
    });
  }
  const isTextual = TEXTUAL.test(element);
  if (column.hasNullsInside) {
    return feature('STRING', {
      toSql: (name) =>
        isTextual ? jsonTextSql(`CAST(${name} AS VARCHAR[])`, 'VARCHAR[]') : jsonTextSql(name, column.type),
      reason: 'a list has a null in it, which arrays cannot have, so it is JSON text',
    });
  }
  const [, valueType] = LISTS.find(([pattern]) => pattern.test(element)) ?? [];
  if (valueType !== undefined) return feature(valueType);
  if (!isTextual) return { leftOut: `no value type of features is a list of ${shortType(element)}` };
  return feature('STRING_ARRAY', { toSql: (name) => `CAST(${name} AS VARCHAR[])`, reason: `${element}, as text` });
}

/** Objects are STRUCTs. Values of several shapes stay the JSON text that they are. */
function nestedType(
  { type, hasOnlyObjects, hasTexts, hasValues }: ColumnFacts,
  format: FileFormat,
): FeatureType | { readonly leftOut: string } {
  if (format !== 'PARQUET') {
    // A STRUCT of the engine would give each object the keys of all others.
    if (type.startsWith('STRUCT') || hasOnlyObjects) {
      return feature('STRUCT', { declaredType: 'JSON', toSql: (column) => `CAST(${column} AS JSON)` });
    }
    const reason = 'values of several kinds, as JSON text';
    return feature('STRING', { toSql: asText, declaredType: hasTexts ? null : 'JSON', reason });
  }
  if (type === 'JSON') return hasOnlyObjects && hasValues ? feature('STRUCT') : feature('STRING', { toSql: asText });
  if (/\b(BLOB|INTERVAL|BIT|UNION)\b/.test(type)) {
    return { leftOut: 'bytes or intervals inside of an object have no JSON; SELECT its fields by name' };
  }
  // The import gives a decimal that no double has as a text.
  return feature('STRUCT');
}

/** SQL of the JSON of lists. to_json alone writes NaN and the infinities as words that JSON does not have. */
function jsonTextSql(value: string, type: string): string {
  return /\b(FLOAT|DOUBLE|DECIMAL)\b/.test(type) && hasExactText(type)
    ? exactTextSql(value, type)
    : `CAST(to_json(${value}) AS VARCHAR)`;
}
