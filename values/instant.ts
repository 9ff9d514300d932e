import { badInput } from '../errors/app-error.js';

/**
 * A moment: microseconds since 1970-01-01T00:00:00Z, in UTC.
 *
 * Never a JS Date: a Date has milliseconds, so two feature values 1 microsecond apart would tie and the winner would be
 * random. The range is that of RFC 3339 and BigQuery: years 0001 to 9999.
 */
export type Instant = bigint;

export const MICROS_PER_SECOND = 1_000_000n;
export const EARLIEST_INSTANT: Instant = -62_135_596_800_000_000n;
export const LATEST_INSTANT: Instant = 253_402_300_799_999_999n;

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|([+-])(\d{2}):(\d{2}))?$/;

/**
 * Reads an RFC 3339 instant of any zone. Refuses the following, with the reason: no zone (a guess shifts the result by
 * hours), nonzero digits finer than a microsecond (rounding could move a value past the asOf of a read), dates that do
 * not exist, and leap seconds (UTC microseconds cannot represent them).
 */
export function parseInstant(text: string): Instant {
  return parseUsual(text) ?? parseAny(text);
}

/**
 * Reads `2001-03-07T14:00:00Z`, also with up to six decimals: most instants that programs write. undefined for every other
 * text. It takes a sixth of the time of the regular expression, which was a tenth of a row of a write.
 */
function parseUsual(text: string): Instant | undefined {
  const last = text.length - 1;
  const isUsual =
    last >= 19 &&
    last <= 26 &&
    text.charCodeAt(last) === LETTER_Z &&
    text.charCodeAt(4) === HYPHEN &&
    text.charCodeAt(7) === HYPHEN &&
    text.charCodeAt(10) === LETTER_T &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON &&
    (last === 19 || (text.charCodeAt(19) === POINT && last > 20));
  if (!isUsual) return undefined;
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 7);
  const day = digitsAt(text, 8, 10);
  const hour = digitsAt(text, 11, 13);
  const minute = digitsAt(text, 14, 16);
  const second = digitsAt(text, 17, 19);
  const fraction = last === 19 ? 0 : digitsAt(text, 20, last) * 10 ** (26 - last);
  // All comparisons with NaN are false.
  const isValid =
    year >= 1 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOf(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    fraction >= 0;
  if (!isValid) return undefined;
  const seconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
  const micros = seconds * 1_000_000 + fraction;
  // A double is exact from 1684 to 2255. It makes one bigint, and not one for each step.
  return Number.isSafeInteger(micros) ? BigInt(micros) : BigInt(seconds) * MICROS_PER_SECOND + BigInt(fraction);
}

/** In the Gregorian calendar, also before its first day. Years begin in March here, so that the leap day is their last. */
function daysSince1970(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) + ofYear - DAYS_TO_1970
  );
}

/** From March 1 of the year 0 to January 1, 1970. */
const DAYS_TO_1970 = 719_468;

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const DIGIT_0 = 0x30;

/** NaN if some character is no digit. */
function digitsAt(text: string, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - DIGIT_0;
    if (digit < 0 || digit > 9) return NaN;
    number = number * 10 + digit;
  }
  return number;
}

function parseAny(text: string): Instant {
  const parts = RFC_3339.exec(text);
  if (!parts) {
    throw badInput(`"${clip(text)}" is not an RFC 3339 instant such as 2001-03-07T14:00:00Z.`);
  }
  const [, year, month, day, hour, minute, second, fraction = '', zone, sign, zoneHour = '00', zoneMinute = '00'] =
    parts;
  if (!zone) {
    throw badInput(`"${text}" has no time zone. Add Z for UTC or an offset such as +01:00.`);
  }
  if (/[1-9]/.test(fraction.slice(6))) {
    throw badInput(`"${text}" is finer than a microsecond, the finest time kept. Give at most six decimals.`);
  }
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isRealDate = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!isRealDate || Number(hour) > 23 || Number(minute) > 59 || Number(zoneHour) > 23 || Number(zoneMinute) > 59) {
    throw badInput(`"${text}" is not a date and time that exists.`);
  }
  if (Number(second) > 59) {
    throw badInput(`"${text}" has a second over 59. Leap seconds are not kept: write the next second.`);
  }
  const local = date.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const offset = (Number(zoneHour) * 3600 + Number(zoneMinute) * 60) * (sign === '-' ? -1 : 1);
  const instant = BigInt(local - offset) * MICROS_PER_SECOND + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  if (instant < EARLIEST_INSTANT || instant > LATEST_INSTANT) {
    throw badInput(`"${text}" is outside the years 0001 to 9999.`);
  }
  return instant;
}

/**
 * A cache of the last formatted instant: the values of one row share one time, and formatting it took a sixth of a
 * large response.
 */
let lastWritten: { readonly instant: Instant; readonly text: string } | undefined;

/** Formats an instant in UTC with the fewest fractional digits that it needs: none, or up to six. */
export function formatInstant(instant: Instant): string {
  if (lastWritten?.instant !== instant) lastWritten = { instant, text: write(instant) };
  return lastWritten.text;
}

/** The day that was written last: the times of an answer have few days. */
let lastDay = NaN;
let lastDate = '';

/** By numbers: each operation of a bigint makes a new one. */
function write(instant: Instant): string {
  const number = Number(instant);
  // Of the years from 1684 to 2255; others are beyond what a number holds exactly.
  if (!Number.isSafeInteger(number))
    return writeParts(Number(instant / MICROS_PER_SECOND), Number(instant % MICROS_PER_SECOND));
  // The quotient may be rounded up to the next second.
  const second = Math.floor(number / 1_000_000);
  return writeParts(second, number - second * 1_000_000);
}

/** Microseconds below zero are before the second. */
function writeParts(seconds: number, rest: number): string {
  const second = rest < 0 ? seconds - 1 : seconds;
  const micros = rest < 0 ? rest + 1_000_000 : rest;
  const day = Math.floor(second / SECONDS_OF_DAY);
  if (day !== lastDay) {
    lastDate = new Date(day * SECONDS_OF_DAY * 1000).toISOString().slice(0, 11);
    lastDay = day;
  }
  const ofDay = second - day * SECONDS_OF_DAY;
  const hours = Math.floor(ofDay / 3600);
  const minutes = Math.floor(ofDay / 60) % 60;
  const text = `${lastDate}${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes]}:${TWO_DIGITS[ofDay % 60]}`;
  if (micros === 0) return `${text}Z`;
  return `${text}.${micros.toString().padStart(6, '0').replace(/0+$/, '')}Z`;
}

const SECONDS_OF_DAY = 86_400;
const TWO_DIGITS: readonly string[] = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** Seconds from one instant to a later one, as clients read an age. */
export function secondsBetween(earlier: Instant, later: Instant): number {
  return Number(later - earlier) / 1e6;
}

/**
 * Converts configured or requested seconds (a ttl) to microseconds. Refuses a number that is negative, not finite or
 * finer than a microsecond. 0 means "no limit", as null does (as in Feast).
 */
export function ttlFromSeconds(seconds: number | null | undefined, field = 'ttlSeconds'): bigint | null {
  if (seconds === null || seconds === undefined || seconds === 0) return null;
  const micros = Math.round(seconds * 1e6);
  if (!Number.isSafeInteger(micros) || micros < 0) {
    throw badInput(`${field} is a number of seconds from 0 (no limit) to 9007199254, not ${seconds}.`, field);
  }
  if (micros === 0 || Math.abs(seconds * 1e6 - micros) > 1e-9 * micros) {
    throw badInput(`${field} of ${seconds} s is finer than a microsecond, the finest time kept.`, field);
  }
  return BigInt(micros);
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
