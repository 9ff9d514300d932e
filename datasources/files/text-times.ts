import { quoteText } from '../duckdb/sql-text.js';
import type { FileOptions } from './file-options.js';

const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const TIME = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6}0*)?)?';
const ZONE = ' ?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)';

/**
 * The accepted form of ISO 8601: seconds are optional, T or a blank precedes the time, and letters may be lower case.
 */
const MOMENT = `${DATE}[T ]${TIME}`;

export const EARLIEST = `TIMESTAMP '0001-01-01'`;
const LATEST = `TIMESTAMP '9999-12-31 23:59:59.999999'`;

/**
 * SQL of the moment that a text means, as a TIMESTAMP in UTC. The result is null if the text is not a moment, and if it
 * is ambiguous. A text with a zone needs no option. A text without a zone needs `timeZone`; a date alone needs
 * `dateAsMoment` and `timeZone`.
 */
export function momentSql(text: string, options: FileOptions): string {
  const { timestampFormat, timeZone, dateAsMoment, dateFormat } = options;
  const cases = timestampFormat ? [formattedMoment(text, timestampFormat, timeZone)] : isoMoments(text, timeZone);
  if (dateAsMoment && timeZone) {
    const day = dateFormat ? formattedDate(text, dateFormat) : isoDate(text);
    const midnight = `CAST(${day} AS TIMESTAMP)${dateAsMoment === 'END_OF_DAY' ? ' + INTERVAL 1 DAY' : ''}`;
    cases.push(`CASE WHEN ${day} IS NOT NULL THEN ${zonedSql(midnight, timeZone)} END`);
  }
  const moment = cases.length === 1 ? cases[0]! : `coalesce(${cases.join(', ')})`;
  return withinYears(moment);
}

/** SQL of the date that a text means; null if the text is not a date. */
export function dateSql(text: string, { dateFormat }: FileOptions): string {
  return dateFormat ? formattedDate(text, dateFormat) : isoDate(text);
}

/** SQL that is true of an ISO 8601 moment with digits finer than a microsecond, with or without a zone. */
export function isFinerSql(text: string): string {
  return `regexp_full_match(upper(${text}), '${DATE}[T ][0-9:]{8}\\.[0-9]{6}[0-9]*[1-9][0-9]*(${ZONE})?')`;
}

/** SQL that is true of an ISO 8601 moment without a zone. */
export function isNaiveSql(text: string): string {
  return `regexp_full_match(upper(${text}), '${MOMENT}')`;
}

/** SQL that is true of text that looks like a moment, of any precision, with or without a zone. */
export function looksLikeMomentSql(text: string): string {
  return `regexp_full_match(upper(${text}), '${DATE}[T ][0-9:]{5,8}(\\.[0-9]+)?(${ZONE})?')`;
}

/**
 * SQL that converts a TIMESTAMP without a zone from a time zone to UTC; null if the zone has that time twice or never.
 */
export function zonedSql(timestamp: string, timeZone: string): string {
  const zone = quoteText(timeZone);
  if (timeZone === 'UTC') return timestamp;
  const moment = `timezone(${zone}, ${timestamp})`;
  const isMoment = (candidate: string): string => `timezone(${zone}, ${candidate}) = ${timestamp}`;
  // Clocks are turned by half an hour up to a day. Of a time that occurs twice, the two moments have the offsets of the
  // days before and after it.
  const twins = ['-', '+'].map((sign) => {
    const near = `(${moment} ${sign} INTERVAL 36 HOURS)`;
    const twin = `(${near} + (${timestamp} - timezone(${zone}, ${near})))`;
    return `(${twin} = ${moment} OR NOT ${isMoment(twin)})`;
  });
  return `CASE WHEN NOT isfinite(${timestamp}) THEN NULL WHEN ${isMoment(moment)} AND ${twins.join(' AND ')} THEN CAST(${moment} AS TIMESTAMP) END`;
}

export function withinYears(moment: string): string {
  return `CASE WHEN ${moment} BETWEEN ${EARLIEST} AND ${LATEST} THEN ${moment} END`;
}

function isoMoments(text: string, timeZone: string | null | undefined): string[] {
  const upper = `upper(${text})`;
  // The engine cannot read times without seconds or a blank before the zone, and it truncates digits.
  const whole = `regexp_replace(regexp_replace(replace(${upper}, 'T', ' '), '^(.{10} [0-9]{2}:[0-9]{2})($|[^0-9:]| ?[Z+-])', '\\1:00\\2'), '(\\.[0-9]{6})0+', '\\1')`;
  const zoned = `CASE WHEN regexp_full_match(${upper}, '${MOMENT}${ZONE}')
    THEN CAST(TRY_CAST(regexp_replace(${whole}, ' ?(Z|[+-][0-9:]+)$', '\\1') AS TIMESTAMPTZ) AS TIMESTAMP) END`;
  if (!timeZone) return [zoned];
  const naive = `TRY_CAST(${whole} AS TIMESTAMP)`;
  return [zoned, `CASE WHEN regexp_full_match(${upper}, '${MOMENT}') THEN ${zonedSql(naive, timeZone)} END`];
}

function formattedMoment(text: string, format: string, timeZone: string | null | undefined): string {
  const parsed = parsedSql(text, format);
  if (hasOffset(format)) return `CAST(${parsed} AS TIMESTAMP)`;
  return timeZone ? zonedSql(parsed, timeZone) : 'NULL::TIMESTAMP';
}

function isoDate(text: string): string {
  return `CASE WHEN regexp_full_match(${text}, '${DATE}') AND ${text} >= '0001' THEN TRY_CAST(${text} AS DATE) END`;
}

function formattedDate(text: string, format: string): string {
  return `CAST(${parsedSql(text, format)} AS DATE)`;
}

/**
 * The engine reads two digits of a year as %Y, so 24 would be the year 24, and reads the words infinity and epoch in any
 * format. It ignores the day of the week, and the day 366 of other years becomes the first of the next.
 */
function parsedSql(text: string, format: string): string {
  const parsed = `try_strptime(${text}, ${quoteText(format)})`;
  const conditions = [`regexp_matches(${text}, '[0-9]')`, `year(${parsed}) >= 1000`, ...dayConditions(text, format)];
  return `CASE WHEN ${conditions.join(' AND ')} THEN ${parsed} END`;
}

/** Conditions that a text does not contradict itself. */
function dayConditions(text: string, format: string): string[] {
  const weekday = /(?:^|[^%])(?:%%)*%-?([aAw])/.exec(format)?.[1];
  const hasDayOfYear = letterPattern('j').test(format);
  if (weekday === undefined && !hasDayOfYear) return [];
  // With an offset, the engine gives the day in UTC. The day that is written is that of the offset 0.
  const written = hasOffset(format) ? `regexp_replace(${text}, '^(.*)[+-][0-9]{2}(:?[0-9]{2})?', '\\1+00')` : text;
  const day = `CAST(try_strptime(${written}, ${quoteText(format)}) AS TIMESTAMP)`;
  const conditions: string[] = [];
  if (hasDayOfYear) {
    const isLast = `try_strptime(${text}, ${quoteText(withLetter(format, 'j', '366'))}) IS NOT NULL`;
    conditions.push(`(dayofyear(${day}) = 366 OR NOT ${isLast})`);
  }
  if (weekday === 'w') {
    const days = Array.from({ length: 7 }, (_, index) => {
      const withDay = quoteText(withLetter(format, 'w', String(index)));
      return `WHEN ${index} THEN try_strptime(${text}, ${withDay}) IS NOT NULL`;
    });
    conditions.push(`CASE dayofweek(${day}) ${days.join(' ')} END`);
  } else if (weekday !== undefined) {
    // The engine reads names in any case. No name of a month contains that of a day.
    conditions.push(`contains(lower(${text}), lower(strftime(${day}, '%${weekday}')))`);
  }
  return conditions;
}

function hasOffset(format: string): boolean {
  return letterPattern('z').test(format);
}

function letterPattern(letter: string): RegExp {
  return new RegExp(`(?<=(?:^|[^%])(?:%%)*)%-?${letter}`);
}

function withLetter(format: string, letter: string, text: string): string {
  return format.replace(letterPattern(letter), text);
}
