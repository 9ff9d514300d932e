import { hasExactText, jsonObjectSql } from '../duckdb/exact-text.js';
import { nearestDouble } from '../duckdb/nearest-double.js';
import type { FileOptions } from './file-options.js';
import { withinYears, zonedSql } from './text-times.js';
import { JSON_OBJECT, textToTypeSql, withoutNullsSql } from './text-values.js';

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const FRACTIONAL = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const MOMENT = /^TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?$/;
const TEXT = /^(VARCHAR|JSON|ENUM\(.*\))$/s;
const NESTED = /^(STRUCT\(.*\)|MAP\(.*\))$/s;

/**
 * SQL that converts a value to another type, if the value stays the same: 36.0 is an integer, 0 and 1 are booleans,
 * bytes may be text. The result is null if the value has no such form. Text follows the rules for text in files.
 * undefined: no value of the one type is a value of the other.
 */
export function typedToTypeSql(value: string, from: string, to: string, options: FileOptions): string | undefined {
  if (TEXT.test(from) && !(from === 'JSON' && to === JSON_OBJECT)) {
    return textToTypeSql(`CAST(${value} AS VARCHAR)`, to, {
      timeZone: options.timeZone,
      dateAsMoment: options.dateAsMoment,
    });
  }
  const element = elementType(from);
  if (to.endsWith('[]')) return element === undefined ? undefined : listSql(value, element, to.slice(0, -2), options);
  if (to === 'VARCHAR') return from === 'UUID' || from === 'BLOB' ? idTextSql(value, from) : undefined;
  if (INTEGER.test(to)) return wholeSql(value, from, to);
  switch (to) {
    case 'BOOLEAN':
      if (from === 'BOOLEAN') return value;
      return isNumber(from) ? `CASE ${value} WHEN 0 THEN false WHEN 1 THEN true END` : undefined;
    case 'DOUBLE':
      return doubleSql(value, from);
    case 'BLOB':
      return from === 'BLOB' ? value : undefined;
    case 'TIMESTAMP': {
      const moment = momentSql(value, from, options);
      // Of infinity, and of the midnight after the last day, there is no ISO 8601.
      return moment && withinYears(moment);
    }
    case 'DATE':
      return from === 'DATE' ? value : undefined;
    case JSON_OBJECT:
      if (from === 'JSON') return `CASE WHEN json_type(${value}) = 'OBJECT' THEN CAST(${value} AS VARCHAR) END`;
      return NESTED.test(from) && hasExactText(from) ? jsonObjectSql(value, from) : undefined;
    default:
      return from === to ? value : undefined;
  }
}

/** SQL of a null of a type. */
export function nullSql(type: string): string {
  return `CAST(NULL AS ${type === JSON_OBJECT ? 'VARCHAR' : type})`;
}

/**
 * SQL of the text of a value, for types whose values have exactly one text form, as ids need. Of a type with fractions,
 * only whole numbers have one: 36.0 is 36, but 1.50 and 1.5 would be one id. undefined: the type has no such values.
 */
export function idTextSql(value: string, from: string): string | undefined {
  if (TEXT.test(from) || INTEGER.test(from) || /^(UUID|DATE|BOOLEAN)$/.test(from)) return `CAST(${value} AS VARCHAR)`;
  if (FRACTIONAL.test(from)) {
    return `CAST(${wholeSql(value, from, 'HUGEINT')} AS VARCHAR)`;
  }
  return from === 'BLOB' ? `TRY(decode(${value}))` : undefined;
}

/**
 * From these numbers on, several integers share one number of the type: 9007199254740993 is written as 9007199254740992 in
 * a column of doubles, as pandas makes one of integers with missing values.
 */
const MOST_DISTINCT: Readonly<Record<string, number>> = { DOUBLE: 2 ** 53, FLOAT: 2 ** 24 };

/** SQL of a moment as a TIMESTAMP in UTC. */
function momentSql(value: string, from: string, { timeZone, dateAsMoment }: FileOptions): string | undefined {
  if (from === 'DATE') {
    const midnight = `CAST(${value} AS TIMESTAMP)${dateAsMoment === 'END_OF_DAY' ? ' + INTERVAL 1 DAY' : ''}`;
    return dateAsMoment && timeZone ? zonedSql(midnight, timeZone) : undefined;
  }
  if (!MOMENT.test(from)) return undefined;
  // The session's zone is UTC.
  if (from === 'TIMESTAMP WITH TIME ZONE') return `CAST(${value} AS TIMESTAMP)`;
  const whole = from === 'TIMESTAMP_NS' ? wholeMicrosecondsSql(value) : `CAST(${value} AS TIMESTAMP)`;
  return timeZone ? zonedSql(whole, timeZone) : whole;
}

/** SQL of a time in nanoseconds as a TIMESTAMP; null if digits would be truncated. */
export function wholeMicrosecondsSql(value: string): string {
  return `CASE WHEN epoch_ns(${value}) % 1000 = 0 THEN CAST(${value} AS TIMESTAMP) END`;
}

function wholeSql(value: string, from: string, to: string): string | undefined {
  if (INTEGER.test(from)) return `TRY_CAST(${value} AS ${to})`;
  if (!FRACTIONAL.test(from)) return undefined;
  const limit = MOST_DISTINCT[from];
  const isDistinct = limit === undefined ? '' : ` AND abs(${value}) < ${limit}`;
  return `CASE WHEN ${value} = trunc(${value})${isDistinct} THEN TRY_CAST(${value} AS ${to}) END`;
}

/**
 * An integer that no double represents must not become another integer. A decimal becomes the nearest double, as
 * everywhere, if the double has its digits.
 */
function doubleSql(value: string, from: string): string | undefined {
  if (from === 'DOUBLE' || from === 'FLOAT') return `CAST(${value} AS DOUBLE)`;
  const double = `CAST(${value} AS DOUBLE)`;
  if (/^U?(TINYINT|SMALLINT|INTEGER)$/.test(from)) return double;
  if (INTEGER.test(from)) return `CASE WHEN TRY_CAST(${double} AS ${from}) = ${value} THEN ${double} END`;
  if (!FRACTIONAL.test(from)) return undefined;
  const nearest = nearestDouble(value, from);
  return `CASE WHEN ${nearest.hasDigits} THEN ${nearest.double} END`;
}

function listSql(value: string, from: string, to: string, options: FileOptions): string | undefined {
  const element = typedToTypeSql('e', from, to, options);
  if (element === undefined) return undefined;
  return withoutNullsSql(from === to ? value : `list_transform(${value}, lambda e: ${element})`);
}

function elementType(type: string): string | undefined {
  return /^(.*)\[\d*\]$/s.exec(type)?.[1];
}

function isNumber(type: string): boolean {
  return INTEGER.test(type) || FRACTIONAL.test(type);
}
