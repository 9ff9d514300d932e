import { isJsonText } from '../../datasources/duckdb/exact-text.js';
import { textOf, writtenType, type ExactTexts, type InstanceColumn } from './instance-columns.js';

type ToJson = (text: string) => string;

/** A JSON text of a row for clients, in the order of the columns. `originals` are texts of values that were not read. */
export type ClientTextWriter = (texts: ExactTexts, originals?: ExactTexts | null) => string;

/**
 * Writes rows in the form that clients read (values/client-value.ts): numbers of JSON for DOUBLEs, texts for integers
 * and all that JSON has no type for, RFC 3339 for moments. JSON stays as it is, byte by byte.
 */
export function clientTextWriter(columns: readonly InstanceColumn[]): ClientTextWriter {
  const parts = columns.map((column) => ({
    name: column.name,
    key: JSON.stringify(column.name),
    toJson: toJsonOf(column),
  }));
  return (texts, originals = null) => {
    const members = parts.map(({ name, key, toJson }) => {
      const original = originals && textOf(originals, name);
      if (original !== null) return `${key}:${JSON.stringify(original)}`;
      const text = textOf(texts, name);
      return `${key}:${text === null ? 'null' : toJson(text)}`;
    });
    return `{${members.join(',')}}`;
  };
}

/** How an exact text of a column becomes the JSON that clients read. */
export function toJsonOf(column: InstanceColumn): ToJson {
  const type = writtenType(column);
  if (type === 'BOOLEAN') return (text) => text;
  if (/^(FLOAT|DOUBLE)$/.test(type)) return (text) => (/\d/.test(text) ? text : JSON.stringify(text));
  if (type.startsWith('TIMESTAMP')) return (text) => JSON.stringify(toRfc3339(text));
  if (!isJsonText(type)) return JSON.stringify;
  // Clients read an integer of 64 bits as text.
  if ('valueType' in column && column.valueType === 'INT64_ARRAY') {
    return (text) => text.replaceAll(/-?\d+/g, '"$&"');
  }
  return type === 'JSON' ? jsonOrText : standardJson;
}

/** A column of JSON in a file of Parquet may hold anything. */
function jsonOrText(text: string): string {
  const json = standardJson(text);
  try {
    JSON.parse(json);
    return json;
  } catch {
    return JSON.stringify(text);
  }
}

/** `2024-01-05 08:00:00.5+00` is 2024-01-05T08:00:00.5Z. A time without a zone gets none. */
function toRfc3339(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d) /, '$1T').replace(/\+00$/, 'Z');
}

/** JSON on one line. Python writes NaN and infinities, which JSON does not have: they become texts. */
function standardJson(text: string): string {
  const line = text.replaceAll(/[\r\n]/g, ' ');
  if (!/NaN|Infinity/.test(line)) return line;
  return line.replaceAll(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}

/** Reads the exact texts of a row from what `clientTextWriter` wrote: an object of `parseKeepingNumbers`. */
export function readExactTexts(columns: readonly InstanceColumn[], written: unknown): ExactTexts {
  const row = typeof written === 'object' && written !== null ? (written as Record<string, unknown>) : {};
  return Object.fromEntries(
    columns.map((column) => [
      column.name,
      Object.hasOwn(row, column.name) ? toExactText(column, row[column.name]) : null,
    ]),
  );
}

function toExactText(column: InstanceColumn, written: unknown): string | null {
  if (written === null) return null;
  return typeof written === 'string' && !isJsonText(writtenType(column)) ? written : JSON.stringify(written);
}
