import { LIST, listValue, TIMESTAMP, timestampValue } from '@duckdb/node-api';
import { zonedSql } from '../datasources/files/text-times.js';
import { isTimeZone } from '../datasources/files/time-zone.js';
import { quoteText } from '../datasources/duckdb/sql-text.js';
import { instantFromDuckDb } from '../datasources/duckdb/value-mapping.js';
import { badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import { MICROS_PER_SECOND, type Instant } from '../values/instant.js';
import type { LabelInterval, RegularTimes } from './generated-labels.js';
import type { WorkDatabase } from './work-database.js';

const PLACE = 'labels.source.generated.times';
const SECONDS: Readonly<Record<LabelInterval['unit'], bigint>> = { SECOND: 1n, DAY: 86_400n, WEEK: 604_800n };
/** A day of a time zone has at least this many seconds: clocks are turned by at most a day, once. */
const LEAST_SHARE = 2n;

/** The times of labels at an interval, in order. */
export async function labelTimes(work: WorkDatabase, times: RegularTimes): Promise<Instant[]> {
  const { from, until, every, timeZone } = times;
  if (!isTimeZone(timeZone)) {
    throw badInput(
      `"${timeZone}" is no time zone: use the name of the IANA database, such as Europe/Berlin.`,
      `${PLACE}.regular.timeZone`,
    );
  }
  if (until <= from) throw badInput('"until" is after "from", and the times end before it.', `${PLACE}.regular.until`);
  if (every.count < 1) throw badInput('An interval is at least 1.', `${PLACE}.regular.every`);
  const step = SECONDS[every.unit] * BigInt(every.count) * MICROS_PER_SECOND;
  const { maxLabelTimes } = REQUEST_LIMITS;
  const count = (until - from + step - 1n) / step;
  if (count > BigInt(maxLabelTimes)) {
    throw badInput(
      `The range has ${count} times, and labels are made at at most ${formatLimit(maxLabelTimes)}: each time is a label of ` +
        'each entity. Choose a longer interval or a shorter range.',
      `${PLACE}.regular.every`,
    );
  }
  if (every.unit === 'SECOND' || timeZone === 'UTC') {
    return Array.from({ length: Number(count) }, (_, index) => from + step * BigInt(index));
  }
  return localTimes(work, times, Number(count * LEAST_SHARE));
}

/** The same time of day in a time zone, whose days have 23 to 25 hours. */
async function localTimes(
  work: WorkDatabase,
  { from, until, every, timeZone }: RegularTimes,
  most: number,
): Promise<Instant[]> {
  const start = `timezone(${quoteText(timeZone)}, CAST($1 AS TIMESTAMP) AT TIME ZONE 'UTC')`;
  const local = `${start} + to_days(CAST(range * ${every.count * (every.unit === 'WEEK' ? 7 : 1)} AS INTEGER))`;
  const found = await work.run(
    `SELECT local, ${zonedSql('local', timeZone)} AS moment FROM (SELECT ${local} AS local FROM range(0, ${most})) ORDER BY local`,
    [timestampValue(from)],
    [TIMESTAMP],
  );
  const times: Instant[] = [];
  for (const [index, [there, moment]] of (await found.getRows()).entries()) {
    // The first is given as a moment, so that its local time is not in doubt.
    const time = index === 0 ? from : instantFromDuckDb(moment);
    if (time === null) {
      // Local times differ from UTC by less than a day: what is later than that is outside the range.
      if (instantFromDuckDb(there)! > until + SECONDS.DAY * MICROS_PER_SECOND) break;
      throw badInput(
        `The clocks of ${timeZone} show ${String(there)} never or twice. Begin at another time of day, or use "seconds".`,
        `${PLACE}.regular.timeZone`,
      );
    }
    if (time >= until) break;
    times.push(time);
  }
  return times;
}

/** A relation with the column label_time. It is parameter number `place`. */
export function timesSql(place: number): string {
  return `(SELECT unnest($${place}) AS label_time)`;
}

export function timesParameter(times: readonly Instant[]) {
  return { value: listValue(times.map((time) => timestampValue(time))), type: LIST(TIMESTAMP) };
}
