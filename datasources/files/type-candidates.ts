import { quoteText } from '../duckdb/sql-text.js';
import type { FileOptions } from './file-options.js';
import { dateSql, momentSql } from './text-times.js';
import { jsonTextSql, textToTypeSql } from './text-values.js';
import type { QueryResult } from './worker/protocol.js';

export type CellFormat = 'CSV' | 'JSONL';

/**
 * EXACT: the engine writes each value exactly as it was read, so that copying a column does not change its text.
 * BY_VALUE: the value is equal, so that SQL can calculate with it: 1 and 1.50 are numbers.
 */
export type Inference = 'EXACT' | 'BY_VALUE';

/** The relation that contains the cells, and a function to query it. */
export interface Cells {
  readonly query: (sql: string) => Promise<QueryResult>;
  readonly relation: string;
}

/** A type that a column may have. */
export interface Candidate {
  /** The type in the engine's notation. */
  readonly type: string;
  /** SQL that is true of a cell that has the type. */
  readonly fits: string;
  /** SQL of the value. */
  readonly value: string;
  /** Makes a further check of a column whose cells all fit. undefined: the column does not have the type. */
  readonly resolve?: (cell: string, cells: Cells) => Promise<ResolvedType | undefined>;
}

export interface ResolvedType {
  readonly type: string;
  readonly value: string;
}

/** In order of preference. */
export function candidatesOf(
  cell: string,
  format: CellFormat,
  inference: Inference,
  options: FileOptions,
): readonly Candidate[] {
  if (format === 'CSV') return inference === 'EXACT' ? exactTexts(cell) : textsByValue(cell, options);
  return [...jsonWords(cell, inference), ...jsonTexts(cell, inference, options), ...jsonNested(cell, inference)];
}

const PLAIN_NUMBER = '-?(0|[1-9][0-9]*)(\\.[0-9]+)?';
/** A decimal of at most this many digits is the shortest text of its double, so its value survives the round trip. */
const SAFE_DIGITS = 15;

function exactTexts(cell: string): Candidate[] {
  return [
    { type: 'BOOLEAN', fits: `${cell} IN ('true', 'false')`, value: `CAST(${cell} AS BOOLEAN)` },
    exactly(cell, 'BIGINT'),
    // A text without a digit is a word, such as nan.
    exactly(cell, 'DOUBLE', `regexp_matches(${cell}, '[0-9]')`),
    {
      type: 'DECIMAL',
      fits: `regexp_full_match(${cell}, '-?(0|[1-9][0-9]*)\\.[0-9]+')`,
      value: cell,
      resolve: resolveExactDecimal,
    },
    exactly(cell, 'DATE', `regexp_full_match(${cell}, '[0-9]{4}-[0-9]{2}-[0-9]{2}')`),
  ];
}

function exactly(cell: string, type: string, isLike?: string): Candidate {
  const value = `TRY_CAST(${cell} AS ${type})`;
  const fits = `CAST(${value} AS VARCHAR) = ${cell}`;
  return { type, value, fits: isLike === undefined ? fits : `${isLike} AND ${fits}` };
}

/** 1.50 is a DECIMAL if all values have two decimals. */
async function resolveExactDecimal(cell: string, { query, relation }: Cells): Promise<ResolvedType | undefined> {
  const scale = `length(${cell}) - strpos(${cell}, '.')`;
  const [sizes = {}] = await query(
    `SELECT min(${scale}) AS least, max(${scale}) AS most, max(strpos(ltrim(${cell}, '-'), '.') - 1) AS whole FROM ${relation}`,
  );
  const [least, most, whole] = [Number(sizes.least), Number(sizes.most), Number(sizes.whole)];
  if (least !== most || whole + most > 38) return undefined;
  const decimal = exactly(cell, `DECIMAL(${whole + most},${most})`);
  const [others = {}] = await query(
    `SELECT count(*) AS others FROM ${relation} WHERE ${cell} IS NOT NULL AND (${decimal.fits}) IS NOT TRUE`,
  );
  return Number(others.others) === 0 ? decimal : undefined;
}

function textsByValue(cell: string, options: FileOptions): Candidate[] {
  const text = `trim(${cell})`;
  return [
    {
      type: 'BOOLEAN',
      fits: `lower(${text}) IN ('true', 'false')`,
      value: textToTypeSql(cell, 'BOOLEAN', options),
    },
    { ...exactly(text, 'BIGINT'), value: `TRY_CAST(${text} AS BIGINT)` },
    {
      type: 'DOUBLE',
      fits: `${isDoubleByValue(options.decimal === ',' ? `replace(replace(${text}, '.', '?'), ',', '.')` : text)} AND ${textToTypeSql(cell, 'DOUBLE', options)} IS NOT NULL`,
      value: textToTypeSql(cell, 'DOUBLE', options),
      resolve: (_, inferring) => requireNumber(cell, textToTypeSql(cell, 'DOUBLE', options), inferring),
    },
    ...times(cell, options),
  ];
}

/** A number that a double represents exactly. 00501 and 1E5 do not count, because ids and codes have such forms. */
function isDoubleByValue(text: string): string {
  const digits = `length(ltrim(translate(regexp_replace(${text}, '[eE].*', ''), '-.', ''), '0'))`;
  return `(regexp_full_match(${text}, '${PLAIN_NUMBER}') AND (${digits} <= ${SAFE_DIGITS} OR CAST(TRY_CAST(${text} AS DOUBLE) AS VARCHAR) = ${text})
    OR ${isDoubleOf17Digits(text)}
    OR regexp_full_match(${text}, '-?[0-9.]+e[+-]?[0-9]+') AND CAST(TRY_CAST(${text} AS DOUBLE) AS VARCHAR) = ${text}
    OR ${text} IN ('NaN', 'nan', 'Infinity', '-Infinity', 'inf', '-inf'))`;
}

/** C, Go and Java can write a double with 17 digits, which identify it: 0.10000000000000001 is 0.1. */
function isDoubleOf17Digits(text: string): string {
  return `(regexp_full_match(${text}, '-?[0-9]+\\.[0-9]+(e[+-][0-9]+)?') AND printf('%.17g', TRY_CAST(${text} AS DOUBLE)) = ${text})`;
}

/** A column that contains only the word nan contains words, not numbers. */
async function requireNumber(
  cell: string,
  value: string,
  { query, relation }: Cells,
): Promise<ResolvedType | undefined> {
  const [row] = await query(`SELECT 1 FROM ${relation} WHERE regexp_matches(${cell}, '[0-9]') LIMIT 1`);
  return row && { type: 'DOUBLE', value };
}

function times(text: string, options: FileOptions): Candidate[] {
  const moment = momentSql(text, options);
  const date = dateSql(text, options);
  return [
    ...(options.dateAsMoment ? [] : [{ type: 'DATE', fits: `${date} IS NOT NULL`, value: date }]),
    { type: 'TIMESTAMP WITH TIME ZONE', fits: `${moment} IS NOT NULL`, value: `CAST(${moment} AS TIMESTAMPTZ)` },
  ];
}

function jsonWords(cell: string, inference: Inference): Candidate[] {
  const isNumber = `regexp_full_match(${cell}, '-?([0-9.]+([eE][+-]?[0-9]+)?|Infinity)|NaN')`;
  const digits = `length(ltrim(translate(regexp_replace(${cell}, '[eE].*', ''), '-.', ''), '0'))`;
  const double = `TRY_CAST(${cell} AS DOUBLE)`;
  const by17Digits = inference === 'EXACT' ? '' : ` OR ${isDoubleOf17Digits(cell)}`;
  return [
    { type: 'BOOLEAN', fits: `${cell} IN ('true', 'false')`, value: `CAST(${cell} AS BOOLEAN)` },
    exactly(cell, 'BIGINT'),
    {
      type: 'DOUBLE',
      fits: `${isNumber} AND (${digits} <= ${SAFE_DIGITS} OR CAST(${double} AS VARCHAR) = ${cell}${by17Digits}) AND ${textToTypeSql(cell, 'DOUBLE', {})} IS NOT NULL`,
      value: double,
      resolve: (_, inferring) => requireNumber(cell, double, inferring),
    },
    { type: 'DECIMAL', fits: `regexp_full_match(${cell}, '${PLAIN_NUMBER}')`, value: cell, resolve: resolveDecimal },
    // No type can hold these numbers exactly. As text they keep their digits.
    { type: 'VARCHAR', fits: isNumber, value: cell },
  ];
}

async function resolveDecimal(cell: string, { query, relation }: Cells): Promise<ResolvedType | undefined> {
  const whole = `length(regexp_replace(ltrim(${cell}, '-'), '\\..*', ''))`;
  const [sizes = {}] = await query(
    `SELECT max(length(regexp_extract(${cell}, '\\.(.*)', 1))) AS scale, max(${whole}) AS whole FROM ${relation}`,
  );
  const [scale, digits] = [Number(sizes.scale), Number(sizes.scale) + Number(sizes.whole)];
  if (digits > 38) return undefined;
  const type = `DECIMAL(${digits},${scale})`;
  return { type, value: `TRY_CAST(${cell} AS ${type})` };
}

/**
 * A JSON string stays text: digits in it do not make a number. But a time is a JSON string, because JSON has no type
 * for it.
 */
function jsonTexts(cell: string, inference: Inference, options: FileOptions): Candidate[] {
  const text = `json_extract_string(${cell}, '$')`;
  const isText = `starts_with(${cell}, '"')`;
  const asTime = ({ fits, ...candidate }: Candidate): Candidate => ({ ...candidate, fits: `${isText} AND ${fits}` });
  return [
    ...(inference === 'EXACT' ? [] : times(text, options).map(asTime)),
    { type: 'VARCHAR', fits: isText, value: text },
  ];
}

function jsonNested(cell: string, inference: Inference): Candidate[] {
  const list = (type: string, isLike: string): Candidate => {
    const value = textToTypeSql(cell, type, {});
    return { type, value, fits: `starts_with(${cell}, '[') AND ${isLike} AND ${value} IS NOT NULL` };
  };
  const hasNoText = `NOT contains(${cell}, '"')`;
  return [
    list('BOOLEAN[]', `regexp_matches(${cell}, '^[^0-9"]*$')`),
    list('BIGINT[]', `${hasNoText} AND NOT regexp_matches(${cell}, '[.eE]')`),
    list('DOUBLE[]', `${hasNoText} AND NOT regexp_matches(${cell}, '[0-9][0-9.]{${SAFE_DIGITS},}')`),
    list('VARCHAR[]', 'true'),
    ...(inference === 'EXACT'
      ? []
      : [
          {
            type: 'STRUCT',
            // Longer numbers would lose digits. Larger exponents could become zero or infinite.
            fits: `regexp_matches(${cell}, '^[\\[{]') AND NOT regexp_matches(${cell}, '[0-9.]{${SAFE_DIGITS + 1},}|[0-9][eE][+-]?[0-9]{3}')`,
            value: cell,
            resolve: resolveStructure,
          },
        ]),
  ];
}

/** The type of objects, and of lists of objects, with the fields that any of them has. */
async function resolveStructure(cell: string, { query, relation }: Cells): Promise<ResolvedType | undefined> {
  const [row] = await query(`SELECT json_group_structure(CAST(${cell} AS JSON)) AS structure FROM ${relation}`);
  const structure = String(row?.structure);
  // Values of different shapes stay JSON.
  if (!/^[[{]/.test(structure) || /"(JSON|NULL)"/.test(structure)) return undefined;
  if (!hasLegalFields(JSON.parse(structure))) return undefined;
  const value = `from_json(${cell}, ${quoteText(structure)})`;
  const [described] = await query(`SELECT typeof(${value}) AS type FROM (SELECT CAST(NULL AS VARCHAR) AS ${cell})`);
  return { type: String(described?.type), value };
}

/** The engine renames a field whose name differs from another one only in case, and cannot name a field ''. */
function hasLegalFields(structure: unknown): boolean {
  if (typeof structure !== 'object' || structure === null) return true;
  const names = Array.isArray(structure) ? [] : Object.keys(structure);
  const isLegal = new Set(names.map((name) => name.toLowerCase())).size === names.length && !names.includes('');
  return isLegal && Object.values(structure).every(hasLegalFields);
}

/** SQL of the text of a cell, for messages. */
export function cellTextSql(cell: string, format: CellFormat): string {
  return format === 'CSV' ? cell : jsonTextSql(cell);
}
