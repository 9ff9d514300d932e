import type { Command } from 'commander';
import { COMPRESSIONS, FILE_FORMATS, type FileFormat } from '../datasources/files/file-format.js';
import { DATE_MOMENTS, type FileOptions } from '../datasources/files/file-options.js';
import { OperatorError } from '../errors/operator-error.js';

/** The options of the command line that describe a file (docs/files.md). The gateway checks their values. */
export interface FileFlags {
  readonly format?: string;
  readonly delimiter?: string;
  /** commander sets this to true if --no-header is absent. */
  readonly header?: boolean;
  readonly nullText?: string;
  readonly decimal?: string;
  readonly encoding?: string;
  readonly compression?: string;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timeZone?: string;
  readonly dateAsMoment?: string;
}

export function addFileFlags(command: Command): Command {
  return command
    .option('--format <format>', 'the format of the file: parquet, csv or jsonl')
    .option('--delimiter <character>', 'CSV: the character between fields')
    .option('--no-header', 'CSV: the first line is a row; the columns are column1, column2, …')
    .option('--null-text <text>', 'CSV: an unquoted field with this text is null')
    .option('--decimal <character>', 'CSV: the decimal separator, a point or a comma')
    .option('--encoding <label>', 'CSV and JSONL: the encoding, such as ISO-8859-1 or UTF-16LE')
    .option('--compression <compression>', 'CSV and JSONL: none, gzip or zstd')
    .option('--date-format <format>', 'CSV and JSONL: the format of dates, such as %d/%m/%Y')
    .option('--timestamp-format <format>', 'CSV and JSONL: the format of times, such as "%d/%m/%Y %H:%M"')
    .option('--time-zone <zone>', 'the time zone of times without one, such as UTC or Europe/Zurich')
    .option('--date-as-moment <moment>', 'the time that a date stands for: start-of-day or end-of-day');
}

/** The fields of FileOptionsInput and the format; undefined if no option is given. */
export function toFileInput(flags: FileFlags): Record<string, unknown> | undefined {
  const { delimiter, nullText, decimal, encoding, dateFormat, timestampFormat, timeZone } = flags;
  const input = {
    format: toEnumValue(flags.format),
    delimiter,
    header: flags.header === false ? false : undefined,
    nullText,
    decimal,
    encoding,
    compression: toEnumValue(flags.compression),
    dateFormat,
    timestampFormat,
    timeZone,
    dateAsMoment: toEnumValue(flags.dateAsMoment),
  };
  return Object.values(input).some((value) => value !== undefined) ? input : undefined;
}

/** The options of a file that the command reads itself, and its format. */
export function toFileOptions(
  flags: FileFlags,
): Omit<FileOptions, 'columns'> & { readonly format?: FileFormat | undefined } {
  const { delimiter, nullText, decimal, encoding, dateFormat, timestampFormat, timeZone } = flags;
  return {
    format: oneOf('--format', flags.format, FILE_FORMATS),
    delimiter,
    header: flags.header === false ? false : undefined,
    nullText,
    decimal,
    encoding,
    compression: oneOf('--compression', flags.compression, COMPRESSIONS),
    dateFormat,
    timestampFormat,
    timeZone,
    dateAsMoment: oneOf('--date-as-moment', flags.dateAsMoment, DATE_MOMENTS),
  };
}

function oneOf<Value extends string>(
  flag: string,
  text: string | undefined,
  known: readonly Value[],
): Value | undefined {
  const value = toEnumValue(text);
  if (value === undefined) return undefined;
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw new OperatorError(`${flag} is one of: ${known.map(toFlagValue).join(', ')}.`);
}

function toFlagValue(value: string): string {
  return value.toLowerCase().replaceAll('_', '-');
}

const OPTION =
  /\b([Ss]et|and) "(format|delimiter|header|nullText|decimal|encoding|compression|dateFormat|timestampFormat|timeZone|dateAsMoment)"(?: to "?([A-Z]+|,)"?)?/g;

/**
 * Runs a command. Its errors about files name options as the registry and the API do, "timeZone"; here they are
 * --time-zone.
 */
export function namingFlags<Arguments extends readonly unknown[]>(
  action: (...given: Arguments) => Promise<void>,
): (...given: Arguments) => Promise<void> {
  return async (...given) => {
    try {
      await action(...given);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const { summary, faults, cause } = error;
      throw new OperatorError(withFlagNames(summary), faults.map(withFlagNames), { cause });
    }
  };
}

function withFlagNames(message: string): string {
  return message.replaceAll(OPTION, (_all, verb: string, option: string, value?: string) => {
    const flag = option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return `${verb} --${flag}${value === undefined ? '' : ` ${toFlagValue(value)}`}`;
  });
}

/** A value of an enum of the schema, as people type it: end-of-day is END_OF_DAY. */
function toEnumValue(text: string | undefined): string | undefined {
  return text?.toUpperCase().replaceAll('-', '_');
}
