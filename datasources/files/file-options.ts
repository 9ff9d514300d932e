import { isTimeZone } from './time-zone.js';
import { badInput } from '../../errors/app-error.js';
import type { Compression, FileFormat } from './file-format.js';

/** The moment that a date alone means, where a moment is required. */
export const DATE_MOMENTS = ['START_OF_DAY', 'END_OF_DAY'] as const;
export type DateMoment = (typeof DATE_MOMENTS)[number];

/**
 * The properties that a file itself does not declare. Nothing is guessed: an absent option has its default, and a value
 * that does not fit is rejected. Absent and null are equivalent.
 */
export interface FileOptions {
  /** CSV: the character between the fields. Default: a comma, or a tab for a name that ends in .tsv. */
  readonly delimiter?: string | null | undefined;
  /**
   * CSV: whether the first line contains the names of the columns. Default: true. Otherwise they are column1, column2,
   * …
   */
  readonly header?: boolean | null | undefined;
  /** CSV: an unquoted field with this text is null, as an empty one is. */
  readonly nullText?: string | null | undefined;
  /** CSV: the decimal separator, a point or a comma. Default: a point. */
  readonly decimal?: string | null | undefined;
  /** CSV and JSONL: a label of the WHATWG Encoding Standard. Default: UTF-8. */
  readonly encoding?: string | null | undefined;
  /** CSV and JSONL. Default: the compression that the extension of the name indicates. */
  readonly compression?: Compression | null | undefined;
  /** CSV and JSONL: the format of dates, in strptime's letters, such as %d/%m/%Y. Default: ISO 8601. */
  readonly dateFormat?: string | null | undefined;
  /** CSV and JSONL: the format of moments, such as %d/%m/%Y %H:%M. Default: ISO 8601. */
  readonly timestampFormat?: string | null | undefined;
  /**
   * The zone of moments without one, such as Europe/Zurich. Default for text: none, so such moments are rejected;
   * default for Parquet: UTC.
   */
  readonly timeZone?: string | null | undefined;
  /** The moment that a date alone means. Default: none; a date is then not a moment. */
  readonly dateAsMoment?: DateMoment | null | undefined;
  /** The types of columns, as types of the embedded SQL engine. */
  readonly columns?: ReadonlyMap<string, string> | undefined;
}

const CSV_OPTIONS = ['delimiter', 'header', 'nullText', 'decimal'] as const;
const TEXT_OPTIONS = ['encoding', 'compression', 'dateFormat', 'timestampFormat'] as const;

export interface OptionFault {
  readonly option: keyof FileOptions;
  readonly message: string;
}

/** The faults of options for a file of this format, one per option. */
export function findOptionFaults(options: FileOptions, format: FileFormat): OptionFault[] {
  const given = (option: keyof FileOptions): boolean => options[option] !== undefined && options[option] !== null;
  const misplaced = [
    ...(format === 'CSV' ? [] : CSV_OPTIONS.map((option) => ({ option, of: 'CSV files' }))),
    ...(format === 'PARQUET' ? TEXT_OPTIONS.map((option) => ({ option, of: 'CSV and JSONL files' })) : []),
  ].filter(({ option }) => given(option));
  const { delimiter, nullText, decimal, encoding, dateFormat, timestampFormat, timeZone } = options;
  const faults: (OptionFault | false)[] = [
    ...misplaced.map(({ option, of }) => ({ option, message: `it is an option of ${of}, and this is ${format}` })),
    given('delimiter') &&
      !/^[\x20-\x7e\t]$/.test(delimiter!) && { option: 'delimiter', message: 'a delimiter is one character of ASCII' },
    given('delimiter') &&
      /^[A-Za-z0-9"\\.]$/.test(delimiter!) && {
        option: 'delimiter',
        message: 'a delimiter cannot be a letter, a digit, a point, a double quote or a backslash',
      },
    given('nullText') &&
      !/^[^"\r\n]{0,100}$/.test(nullText!) && {
        option: 'nullText',
        message: 'it is at most 100 characters on one line, without double quotes',
      },
    given('decimal') &&
      decimal !== '.' &&
      decimal !== ',' && { option: 'decimal', message: 'it is a point or a comma' },
    given('encoding') &&
      toEncodingLabel(encoding!) === undefined && {
        option: 'encoding',
        message: 'this encoding is unknown. Examples are UTF-8, ISO-8859-1, WINDOWS-1252, UTF-16LE and UTF-16BE',
      },
    given('dateFormat') && formatFault('dateFormat', dateFormat!),
    given('timestampFormat') && formatFault('timestampFormat', timestampFormat!),
    given('timeZone') &&
      !isTimeZone(timeZone!) && {
        option: 'timeZone',
        message: 'it is not a time zone of the tz database, such as UTC or Europe/Zurich',
      },
    given('dateAsMoment') &&
      !given('timeZone') && {
        option: 'dateAsMoment',
        message: 'where a day begins depends on the zone: give timeZone',
      },
  ];
  return faults.filter((fault) => fault !== false);
}

/** Rejects options that are invalid for a file of this format. `field` is the argument that contains them. */
export function checkOptions(options: FileOptions, format: FileFormat, field: string): void {
  const [fault] = findOptionFaults(options, format);
  if (fault) throw badInput(`"${fault.option}": ${fault.message}.`, `${field}.${fault.option}`);
}

/** The strptime letters for a day, a month, a year or a time. No others are accepted. */
const FORMAT_LETTERS = /^(?:[^%]|%[aAbBdmyYHIpMSfzjuwT%]|%-[dmyHIMSj])*$/;

function formatFault(option: 'dateFormat' | 'timestampFormat', format: string): OptionFault | false {
  const example = option === 'dateFormat' ? '%d/%m/%Y' : '%d/%m/%Y %H:%M:%S';
  if (format.length > 100 || !FORMAT_LETTERS.test(format)) {
    return { option, message: `it is in the letters of strptime, at most 100, such as ${example}` };
  }
  const gap = option === 'dateFormat' ? dateFormatGap(lettersOf(format)) : timestampFormatGap(lettersOf(format));
  return gap !== undefined && { option, message: `${gap}. An example is ${example}` };
}

function lettersOf(format: string): string {
  return [...format.matchAll(/%-?(.)/g)].map(([, letter]) => letter).join('');
}

/** What a format leaves open or contradicts. strptime would take 1900, January, the first day, or the morning instead. */
function timestampFormatGap(letters: string): string | undefined {
  const day = dayGap(letters);
  if (day !== undefined) return day;
  if (!/[HIT]/.test(letters)) return 'it has no hour. For dates, set "dateFormat" and "dateAsMoment"';
  if (letters.includes('p') && !letters.includes('I')) return 'it has %p, which goes with %I';
  return letters.includes('I') && !letters.includes('p')
    ? 'it has %I without %p, so morning or evening is open'
    : undefined;
}

function dateFormatGap(letters: string): string | undefined {
  if (/[HIpMSfzT]/.test(letters)) {
    return 'a date has no time of the day, which would be cut. For moments, set "timestampFormat"';
  }
  return dayGap(letters);
}

/** Of two letters for one part, strptime would take the last. */
const ONCE = [
  ['the year', /[yY]/g],
  ['the month', /[bBmj]/g],
  ['the day', /[dj]/g],
  ['the day of the week', /[aAw]/g],
  ['the hour', /[HIT]/g],
  ['the minute', /[MT]/g],
  ['the second', /[ST]/g],
  ['the fraction of the second', /f/g],
  ['the offset', /z/g],
] as const;

function dayGap(letters: string): string | undefined {
  if (!/[yY]/.test(letters)) return 'it has no year';
  for (const [part, pattern] of ONCE) {
    if ((letters.match(pattern)?.length ?? 0) > 1) return `it has ${part} twice, and a text could contradict itself`;
  }
  return letters.includes('j') || (/[bBm]/.test(letters) && letters.includes('d'))
    ? undefined
    : 'it has no day and month';
}

/** The label that a decoder accepts; undefined for an unknown encoding. */
export function toEncodingLabel(encoding: string): string | undefined {
  try {
    const { encoding: label } = new TextDecoder(encoding);
    // This label is not an encoding of text: its decoder rejects all content.
    return label === 'replacement' ? undefined : label;
  } catch {
    return undefined;
  }
}
