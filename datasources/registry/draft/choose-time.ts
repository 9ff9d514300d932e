import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { isNaiveSql } from '../../files/text-times.js';
import type { ColumnFacts } from './column-facts.js';
import { findValue, type ReadTable } from './read-table.js';
import type { DraftFileOptions } from './table-options.js';
import { findWished, type TimeUnit, type Wishes } from './wishes.js';

/** The time of the rows of a table. */
export interface ChosenTime {
  readonly column: ColumnFacts;
  /** SQL of the event time, from the quoted name of the column. */
  readonly toSql: (column: string) => string;
  /** What the registry declares of the column; null where its values say it. */
  readonly declaredType: string | null;
  /** Whether the table needs dateAsMoment. */
  readonly isDate: boolean;
}

/** A question that only the user can answer, with the options that answer it. */
export interface Question {
  readonly question: string;
}

/**
 * Chooses the column of the event time. null: the table has none, so its values hold at all times. Where columns or
 * meanings compete, the result is a question.
 */
export async function chooseTime(
  table: ReadTable,
  wishes: Wishes,
  given: DraftFileOptions,
): Promise<ChosenTime | null | Question> {
  const { found, columns } = table;
  const { name, shown } = found;
  const wished = findWished(wishes.timestamps, name, columns);
  const isStatic = wishes.statics.includes(name);
  if (isStatic) return null;
  if (wished) {
    if (wished.length > 1)
      return { question: `${shown}: the time is one column, not "${wished.map((one) => one.name).join(',')}"` };
    return toTime(wished[0]!, table, wishes.timestampUnit, given);
  }
  const timed = columns.filter(({ timeForm }) => timeForm !== null);
  const usual = timed.find((column) => column.name === 'event_timestamp');
  if (usual) return toTime(usual, table, wishes.timestampUnit, given);
  const moments = timed.filter(
    ({ timeForm }) => timeForm === 'MOMENT' || timeForm === 'TEXT_MOMENT' || timeForm === 'NAIVE',
  );
  const events = moments.filter((column) => column.name !== 'created_timestamp');
  const candidates = events.length > 0 ? events : moments.length > 0 ? moments : timed;
  const [only] = candidates;
  if (!only) return null;
  if (candidates.length === 1 && moments.length > 0) return toTime(only, table, wishes.timestampUnit, given);
  return { question: await whichTime(table, candidates) };
}

async function whichTime(table: ReadTable, candidates: readonly ColumnFacts[]): Promise<string> {
  const { name, shown } = table.found;
  const choices: string[] = [];
  for (const { name: column, timeForm } of candidates.slice(0, 10)) {
    const example = await findValue(table, column, 'true');
    const value = example ? `, such as ${shorten(example.value)}` : '';
    choices.push(`${toArgument('--timestamp', `${name}=${column}`)}${flagsOf(timeForm)} (${FORMS[timeForm!]}${value})`);
  }
  return [
    `${shown}: which column is the time at which a row was known? Add one of:`,
    ...[...choices, `--static ${name} (none: its values hold at all times)`].map((choice) => `      ${choice}`),
  ].join('\n');
}

const FORMS = {
  MOMENT: 'times',
  TEXT_MOMENT: 'times',
  NAIVE: 'times without a zone',
  DATE: 'dates',
  NUMBER: 'whole numbers',
  TEXT: 'text',
} as const;

/** The options that a form of time needs beside the name of its column. */
function flagsOf(form: ColumnFacts['timeForm']): string {
  switch (form) {
    case 'NAIVE':
      return ' --time-zone UTC';
    case 'DATE':
      return ' --date-as-moment end-of-day --time-zone UTC';
    case 'NUMBER':
      return ' --timestamp-unit milliseconds';
    case 'TEXT':
      return " --timestamp-format '%d/%m/%Y %H:%M' --time-zone UTC";
    default:
      return '';
  }
}

async function toTime(
  column: ColumnFacts,
  table: ReadTable,
  unit: TimeUnit | null,
  given: DraftFileOptions,
): Promise<ChosenTime | Question> {
  const { shown } = table.found;
  const time = (more: Partial<ChosenTime> = {}): ChosenTime => ({
    column,
    toSql: (name) => name,
    declaredType: null,
    isDate: false,
    ...more,
  });
  const ask = async (condition: string, problem: string): Promise<Question> => {
    const example = await findValue(table, column.name, condition);
    const place = example
      ? `${example.place}, column "${column.name}": ${shorten(example.value)}`
      : `${shown}, column "${column.name}"`;
    return { question: `${place} ${problem}` };
  };
  switch (column.timeForm) {
    case 'MOMENT':
      return time();
    case 'TEXT_MOMENT':
      return time({ declaredType: 'TIMESTAMP' });
    case 'NAIVE':
      if (table.found.format === 'PARQUET' && given.timeZone) return time({ declaredType: 'TIMESTAMP' });
      return ask(
        isNaiveSql(quoteIdentifier(column.name)),
        given.timeZone
          ? `is a time that ${given.timeZone} does not have, or has twice, since clocks were turned. Write it with its offset`
          : 'has no time zone. Add the zone in which it is written: --time-zone UTC, or such as --time-zone Europe/Zurich',
      );
    case 'DATE':
      if (given.dateAsMoment && given.timeZone) return time({ isDate: true });
      return ask(
        'true',
        'is a date, and no moment. Add the moment of the day at which its row was known, and the zone of the day: ' +
          '--date-as-moment end-of-day --time-zone UTC (end-of-day where values are computed from the whole day, else start-of-day)',
      );
  }
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/.test(column.type)) {
    if (unit !== null) return time({ toSql: (name) => epochSql(name, unit) });
    return ask('true', 'is a number. Add its unit since 1970: --timestamp-unit seconds, milliseconds or microseconds');
  }
  if (column.type === 'VARCHAR') {
    return ask(
      `NOT coalesce(${isNaiveSql(quoteIdentifier(column.name))}, false)`,
      "is not a moment of ISO 8601 such as 2001-03-07T14:00:00Z. If it has another form, add it: --timestamp-format '%d/%m/%Y %H:%M' --time-zone UTC",
    );
  }
  return {
    question: `${shown}: column "${column.name}" is ${column.type}, which cannot be a time. Name another column with --timestamp`,
  };
}

const MICROSECONDS = { seconds: ' * 1000000', milliseconds: ' * 1000', microseconds: '' } as const;

function epochSql(column: string, unit: TimeUnit): string {
  return `make_timestamp(CAST(${column} AS BIGINT)${MICROSECONDS[unit]})`;
}

/** A text of a file for one line of a message. */
export function shorten(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** An option as people type it in a shell. */
export function toArgument(option: string, value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? `${option} ${value}` : `${option} '${value.replaceAll("'", `'\\''`)}'`;
}
