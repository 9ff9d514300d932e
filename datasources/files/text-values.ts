import { quoteText } from '../duckdb/sql-text.js';
import { FILE_LIMITS } from '../../limits/file-limits.js';
import type { FileOptions } from './file-options.js';
import { dateSql, momentSql } from './text-times.js';

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const MOMENT = /^TIMESTAMP( WITH TIME ZONE)?$/;
const DECIMAL = /^DECIMAL\((\d+),\s*(\d+)\)$/;

/** The aliases of types, with the names that the engine's DESCRIBE prints. */
const ALIASES: Readonly<Record<string, string>> = { TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE' };

/** A JSON object as text, for STRUCT columns. It is not a type of the engine. */
export const JSON_OBJECT = 'JSON_OBJECT';

/**
 * SQL that reads a text as a type; null if the text is not a value of the type. The same rule applies to every file: to
 * CSV fields and to values of JSON lines. The engine's own casts are too lenient for unchecked data: they round 1.5 to
 * 2 for a BIGINT, truncate times, drop offsets, and accept 1_000 and 0x10 as numbers.
 */
export function textToTypeSql(text: string, namedType: string, options: FileOptions): string {
  const type = ALIASES[namedType] ?? namedType;
  if (type === 'VARCHAR') return text;
  if (type.endsWith('[]')) return listSql(text, type.slice(0, -2), options);
  if (INTEGER.test(type)) return integerSql(numberText(text, options), type);
  if (type === 'DOUBLE' || type === 'FLOAT') return floatSql(numberText(text, options), type);
  if (MOMENT.test(type)) {
    const moment = momentSql(text, options);
    // The cast uses UTC, the engine's configured zone.
    return type === 'TIMESTAMP' ? moment : `CAST(${moment} AS TIMESTAMPTZ)`;
  }
  const [, , scale] = DECIMAL.exec(type) ?? [];
  if (scale !== undefined) return decimalSql(numberText(text, options), type, Number(scale));
  switch (type) {
    case 'BOOLEAN':
      return booleanSql(text);
    case 'DATE':
      return dateSql(text, options);
    case 'TIME':
      return `CASE WHEN regexp_full_match(${text}, '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6}0*)?)?') THEN TRY_CAST(${text} AS TIME) END`;
    case 'UUID':
      return `TRY_CAST(${text} AS UUID)`;
    case 'BLOB':
      return `CASE WHEN to_base64(TRY(from_base64(${text}))) = ${text} THEN TRY(from_base64(${text})) END`;
    case 'JSON':
      return `CASE WHEN ${isJsonSql(text)} THEN ${text} END`;
    case JSON_OBJECT:
      return `CASE WHEN ${isJsonSql(text)} AND json_type(${text}) = 'OBJECT' THEN ${text} END`;
    default:
      return otherSql(text, type);
  }
}

/** Decimal commas become points. A text that contains a point is then not a number. */
function numberText(text: string, { decimal }: FileOptions): string {
  if (decimal !== ',') return text;
  return `CASE WHEN NOT contains(${text}, '.') THEN replace(${text}, ',', '.') END`;
}

/** Other tools write 1.0 for an integer in a column with missing values. Blanks around a number align columns. */
function integerSql(text: string, type: string): string {
  return `CASE WHEN regexp_full_match(${text}, '\\s*[+-]?[0-9]+(\\.0*)?\\s*') THEN TRY_CAST(${text} AS ${type}) END`;
}

const NUMBER = '\\s*[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*';
const NOT_FINITE = '\\s*[+-]?(nan|inf|infinity)\\s*';

/**
 * The nearest number of the type, as everywhere. But an integer that the type cannot represent must not become another
 * one, such as another account number. A number out of range must not become infinite or zero.
 */
function floatSql(text: string, type: string): string {
  const number = `TRY_CAST(${text} AS ${type})`;
  const whole = `TRY_CAST(regexp_extract(${text}, '^\\s*([+-]?[0-9]+)(\\.0*)?\\s*$', 1) AS HUGEINT)`;
  const isWhole = `regexp_full_match(${text}, '\\s*[+-]?[0-9]+(\\.0*)?\\s*')`;
  // 2^53 has 16 digits and 2^24 has 8, so a DOUBLE or a FLOAT represents each shorter integer exactly. A longer integer must
  // read back as itself.
  const shortest = type === 'FLOAT' ? 8 : 16;
  const isExact = `length(${text}) < ${shortest} OR NOT ${isWhole} OR TRY_CAST(${number} AS HUGEINT) = ${whole}`;
  // A fraction must not become a whole number either: 9007199254740991.4 is no id.
  const isRounded = `${number} = trunc(${number}) AND regexp_matches(${text}, '^[^eE]*\\.[0-9]*[1-9][0-9]*\\s*$')`;
  // 1279596753263021188E1 is a whole number that no double holds, and 9007199254740991.4e0 is none: the digits must be those
  // of the number. Programs write the fewest digits that tell it from its neighbours, or 17 of them.
  const hasDigits = [`CAST(${number} AS VARCHAR)`, `printf('%.16e', ${number})`]
    .map((written) => `${digitsSql(text)} = ${digitsSql(written)}`)
    .join(' OR ');
  // A CASE computes the digits of these texts only.
  const isSame = `CASE WHEN contains(${text}, 'e') OR contains(${text}, 'E') THEN ${number} <> trunc(${number}) OR ${hasDigits} ELSE true END`;
  const isInRange = `isfinite(${number}) AND (${number} <> 0 OR NOT regexp_matches(${text}, '^[^eE]*[1-9]'))`;
  return `CASE WHEN regexp_full_match(${text}, '${NUMBER}') THEN CASE WHEN ${isInRange} AND (${isExact}) AND NOT (${isRounded}) AND ${isSame} THEN ${number} END
    WHEN regexp_full_match(lower(${text}), '${NOT_FINITE}') THEN ${number} END`;
}

/**
 * SQL that is true of JSON with a bounded number of levels of brackets. Readers of JSON call themselves once a level, and
 * end the process at some number of them.
 */
function isShallowSql(text: string): string {
  const opened = `length(${text}) - length(translate(${text}, '[{', ''))`;
  const brackets = `regexp_replace(regexp_replace(${text}, '"(?:[^"\\\\]|\\\\.)*"', '', 'g'), '[^][{}]', '', 'g')`;
  // Each pass removes the innermost pairs.
  const passes = `list_transform(range(${FILE_LIMITS.maxJsonDepth}), lambda pass: '')`;
  const rest = `list_reduce(list_concat([${brackets}], ${passes}), lambda part, pass: regexp_replace(part, '\\[\\]|\\{\\}', '', 'g'))`;
  return `CASE WHEN ${opened} <= ${FILE_LIMITS.maxJsonDepth} THEN true ELSE ${rest} = '' END`;
}

/** SQL of the digits of a number, without zeros around them. */
function digitsSql(number: string): string {
  return `trim(regexp_replace(${number}, '[eE].*|[^0-9]', '', 'g'), '0')`;
}

/** SQL that is true of JSON in which no object has a key twice: readers of JSON disagree about which of the values counts. */
function isJsonSql(text: string): string {
  // Most texts have no key twice, even in different objects. The search in each object takes twenty times as long.
  const keys = `list_filter(regexp_extract_all(${text}, '"[^"]*":?'), lambda k: ends_with(k, ':'))`;
  const hasOnce = (list: string): string => `len(${list}) = len(list_distinct(${list}))`;
  const isPlain = `${hasOnce(keys)} AND NOT regexp_matches(${text}, '\\\\|"\\s+:')`;
  const all = `list_concat([json(${text})], json_extract(${text}, '$..*'))`;
  const areObjects = `list_bool_and(list_transform(${all}, lambda part: ${hasOnce('json_keys(part)')}))`;
  return `json_valid(${text}) AND ${isShallowSql(text)} AND CASE WHEN ${isPlain} THEN true ELSE ${areObjects} END`;
}

function decimalSql(text: string, type: string, scale: number): string {
  const digits = scale === 0 ? '' : `[0-9]{0,${scale}}`;
  return `CASE WHEN regexp_full_match(${text}, '\\s*[+-]?[0-9]+(\\.${digits}0*)?\\s*') THEN TRY_CAST(${text} AS ${type}) END`;
}

function booleanSql(text: string): string {
  const word = `lower(trim(${text}))`;
  return `CASE WHEN ${word} IN ('true', 't', 'yes', 'y', '1', '1.0') THEN true
    WHEN ${word} IN ('false', 'f', 'no', 'n', '0', '0.0') THEN false END`;
}

/** One element of a list of JSON that is not a list or an object itself. */
const ELEMENT = '"(?:[^"\\\\]|\\\\.)*"|[^\\s,"\\[\\]{}]+';

/**
 * Reads a list as JSON. The rule of the element type applies to the text of every element: the engine's reader of JSON
 * would round numbers to doubles before the rule sees them. A null or invalid element makes the whole list null.
 */
function listSql(text: string, elementType: string, options: FileOptions): string {
  const isList = `json_valid(${text}) AND json_type(${text}) = 'ARRAY' AND ${isShallowSql(text)}`;
  const inElement = { ...options, decimal: '.' };
  if (elementType.endsWith('[]')) {
    const rounded = /^(DOUBLE|FLOAT)\b/.test(elementType) ? '[0-9][eE]-?[0-9]{3}' : '[0-9.]{17}|[0-9][eE]';
    const lists = `list_transform(json_extract(${text}, '$[*]'), lambda e: ${textToTypeSql('CAST(e AS VARCHAR)', elementType, inElement)})`;
    return `CASE WHEN ${isList} AND NOT regexp_matches(${text}, '${rounded}') THEN ${withoutNullsSql(lists)} END`;
  }
  const isText = "starts_with(e, '\"')";
  const value =
    elementType === 'VARCHAR'
      ? `CASE WHEN ${isText} THEN json_extract_string(e, '$') END`
      : textToTypeSql(jsonTextSql('e'), elementType, inElement);
  const isFlat = `regexp_full_match(${text}, '(?s)\\s*\\[(\\s*(${ELEMENT})\\s*(,|\\]))*\\s*\\]?\\s*')`;
  const elements = `list_transform(regexp_extract_all(${text}, '${ELEMENT}'), lambda e: ${value})`;
  return `CASE WHEN ${isList} AND ${isFlat} THEN ${withoutNullsSql(elements)} END`;
}

/** Arrays contain no nulls. An element that could not be read has become null. */
export function withoutNullsSql(list: string): string {
  return `CASE WHEN len(${list}) = list_count(${list}) THEN ${list} END`;
}

/** Types without their own rule: the engine must print the value exactly as it was read. */
function otherSql(text: string, type: string): string {
  const value = `TRY_CAST(${text} AS ${type})`;
  return `CASE WHEN CAST(${value} AS VARCHAR) = ${text} THEN ${value} END`;
}

/** SQL of the text of a JSON value: a string without its quotes, all other values unchanged. */
export function jsonTextSql(token: string): string {
  return `CASE WHEN starts_with(${token}, '"') THEN json_extract_string(${token}, '$') ELSE ${token} END`;
}

/** The message about a value that does not have its type. `name` is what the user calls the type. */
export function misfitText(value: string, type: string, options: FileOptions, name = type): string {
  const shown = JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (MOMENT.test(type) || type === 'TIMESTAMPTZ') return `${shown} ${momentMisfit(value, options)}`;
  const isNumber = INTEGER.test(type) || /^(DOUBLE|FLOAT|DECIMAL)/.test(type);
  if (isNumber && options.decimal !== ',' && /^\s*[+-]?\d+,\d+\s*$/.test(value)) {
    return `${shown} is not ${withArticle(name)}. If the comma is its decimal separator, set "decimal" to ","`;
  }
  if (type === 'DATE' && !options.dateFormat) {
    return `${shown} is not a date of ISO 8601 such as 2001-03-07. Set "dateFormat" for another form`;
  }
  const isJson = /\[\]$|^JSON/.test(type);
  if (isJson && isDeep(value)) return `${shown} has more than ${FILE_LIMITS.maxJsonDepth} levels of brackets`;
  return `${shown} is not ${withArticle(name)}`;
}

/** Whether JSON has too many levels of brackets. */
function isDeep(json: string): boolean {
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > FILE_LIMITS.maxJsonDepth) return true;
  }
  return false;
}

function withArticle(name: string): string {
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

function momentMisfit(value: string, { timestampFormat, timeZone, dateAsMoment }: FileOptions): string {
  if (timestampFormat && timeZone) return `is not a time of the form ${quoteText(timestampFormat)} in ${timeZone}`;
  if (timestampFormat) return `has no time zone. Set "timeZone"`;
  if (/\.\d{6}\d*[1-9]/.test(value)) {
    return 'is finer than a microsecond, the finest unit that is stored. Round such times up: a time that is cut makes a value known too early';
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(value) && !dateAsMoment) {
    return 'is a date and not a moment. Set "dateAsMoment" and "timeZone"';
  }
  if (/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/i.test(value)) {
    return timeZone
      ? `is a time that ${timeZone} does not have, or has twice, since clocks were turned. Write it with its offset`
      : 'has no time zone. Add Z for UTC or an offset such as +01:00, or set "timeZone"';
  }
  return 'is not a moment of ISO 8601 such as 2001-03-07T14:00:00Z. Set "timestampFormat" for another form';
}
