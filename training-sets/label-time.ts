import { badInput } from '../errors/app-error.js';
import type { FileOptions } from '../datasources/files/file-options.js';
import { momentSql } from '../datasources/files/text-times.js';
import { misfitText } from '../datasources/files/text-values.js';
import { typedToTypeSql, wholeMicrosecondsSql } from '../datasources/files/typed-values.js';
import { parseInstant } from '../values/instant.js';

/** The format of parseInstant. DuckDB's cast decides which dates exist. */
const RFC_3339 =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6}0*)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$';
const EXCESS_ZEROS = '(\\.[0-9]{6})0+';

/**
 * The column types that can hold the time of a label. A finer type would need rounding, possibly past a value's time.
 */
const TIME_TYPES = /^TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?$/;

/**
 * SQL of the time of a label as a TIMESTAMP in UTC. Text follows the rules of parseInstant (values/instant.ts) and must
 * have a zone; a TIMESTAMP is in UTC. The result is null if the column is null, and if it holds no such time:
 * faultyTimeSql distinguishes the two.
 */
export function labelTimeSql(column: string, type: string, options?: FileOptions): string {
  // File options permit more time formats than RFC 3339.
  if (options && isText(type)) return momentSql(`CAST(${column} AS VARCHAR)`, options);
  if (options && type === 'DATE') return typedToTypeSql(column, type, 'TIMESTAMP', options)!;
  if (type === 'TIMESTAMP_NS') return wholeMicrosecondsSql(column);
  const time = isText(type)
    ? `CASE WHEN regexp_matches(upper(${column}), '${RFC_3339}')
        THEN CAST(TRY_CAST(regexp_replace(upper(${column}), '${EXCESS_ZEROS}', '\\1') AS TIMESTAMPTZ) AS TIMESTAMP) END`
    : `CAST(${column} AS TIMESTAMP)`;
  return `CASE WHEN ${time} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN ${time} END`;
}

/** SQL that is true of a row whose time is present but cannot be read. */
export function faultyTimeSql(column: string, time: string): string {
  return `${column} IS NOT NULL AND ${time} IS NULL`;
}

export function isText(type: string): boolean {
  return type === 'VARCHAR' || type.startsWith('ENUM(');
}

/** A DATE is a day. Only file options say which time of the day it stands for: a guess could be after the label. */
export function checkTimeColumn(name: string, type: string, options?: FileOptions): void {
  if (isText(type) || TIME_TYPES.test(type)) return;
  if (type === 'DATE' && options?.dateAsMoment && options.timeZone) return;
  const instead =
    type === 'DATE' && options
      ? 'set dateAsMoment and timeZone, or use a TIMESTAMP'
      : 'use a TIMESTAMP in UTC, a TIMESTAMP WITH TIME ZONE or RFC 3339 text';
  throw badInput(`Column "${name}" of the labels is ${type}, which is not a time: ${instead}.`, 'labels.timeColumn');
}

/** The reason why a time cannot be read. */
export function timeFault(value: string, options?: FileOptions): string {
  if (options) return `${misfitText(value, 'TIMESTAMP', options)}.`;
  try {
    parseInstant(value);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return `"${value}" is outside the years 0001 to 9999.`;
}
