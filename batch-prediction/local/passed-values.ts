import { parseExactJson } from '../../values/lossless-json.js';
import type { RawValue } from '../../values/value-type.js';
import { toJsonOf } from './client-texts.js';
import { textOf, type ExactTexts, type InstanceColumn, type PassedColumn } from './instance-columns.js';

/** Reads columns that pass through, as models get them: integers as bigints, bytes, and else what clients read. */
export function passedValueReader(
  columns: readonly InstanceColumn[],
): (texts: ExactTexts) => Record<string, RawValue | null> {
  const readers = columns.flatMap((column) =>
    'valueType' in column ? [] : [{ name: column.name, read: valueReaderOf(column) }],
  );
  return (texts) =>
    Object.fromEntries(
      readers.map(({ name, read }) => {
        const text = textOf(texts, name);
        return [name, text === null ? null : read(text)];
      }),
    );
}

function valueReaderOf(column: PassedColumn): (text: string) => RawValue | null {
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/.test(column.type)) return BigInt;
  if (column.type === 'BLOB') return (text) => new Uint8Array(Buffer.from(text, 'base64'));
  if (column.type === 'VARCHAR') return (text) => text;
  const toJson = toJsonOf(column);
  return (text) => parseExactJson(toJson(text)) as RawValue | null;
}
