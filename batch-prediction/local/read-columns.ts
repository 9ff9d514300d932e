import type { DuckDBDataChunk } from '@duckdb/node-api';
import { isValid, readListVector, readVector, type ScalarVectorType } from '../../datasources/duckdb/typed-vectors.js';
import { toElementType, type ValueType } from '../../values/value-type.js';
import type { ValueColumn } from '../models/model-serving.js';

/** Where an input of the model is in a chunk. */
export interface ColumnPlace {
  readonly position: number;
  readonly valueType: ValueType;
}

const VECTORS: Partial<Readonly<Record<ValueType, ScalarVectorType>>> = {
  BOOL: 'BOOLEAN',
  DOUBLE: 'DOUBLE',
  INT64: 'BIGINT',
  STRING: 'VARCHAR',
};

/** A column of all rows of the chunks. */
export function readColumn(chunks: readonly DuckDBDataChunk[], place: ColumnPlace): ValueColumn {
  const parts = chunks.map((chunk) => readPart(chunk, place));
  const [first] = parts;
  if (parts.length === 1) return first!;
  const isAll = parts.every(({ present }) => present === null);
  const lengths = chunks.map(({ rowCount }) => rowCount);
  return {
    values: joined(parts.map(({ values }) => values)),
    present: isAll
      ? null
      : joinArrays(parts.map(({ present }, index) => present ?? new Uint8Array(lengths[index]!).fill(1))),
    lists: first!.lists && joinLists(parts),
  };
}

function readPart(chunk: DuckDBDataChunk, { position, valueType }: ColumnPlace): ValueColumn {
  const elementType = toElementType(valueType);
  if (elementType === undefined) {
    const { values, validity } = readVector(chunk, position, VECTORS[valueType]!);
    return { values, present: toBytes(validity, chunk.rowCount), lists: null };
  }
  const type = VECTORS[elementType] as Exclude<ScalarVectorType, 'VARCHAR'>;
  const { elements, entries, validity } = readListVector(chunk, position, type);
  const starts = new Uint32Array(chunk.rowCount);
  const lengths = new Uint32Array(chunk.rowCount);
  let present = toBytes(validity, chunk.rowCount);
  for (let row = 0; row < chunk.rowCount; row += 1) {
    // The bytes of a row without a list are not set.
    if (present?.[row] === 0) continue;
    [starts[row], lengths[row]] = [entries[row * 4]!, entries[row * 4 + 2]!];
    if (elements.validity === null || hasAll(elements.validity, starts[row]!, lengths[row]!)) continue;
    // A null inside has no place in a tensor: the general way says so.
    present ??= new Uint8Array(chunk.rowCount).fill(1);
    present[row] = 0;
  }
  return { values: elements.values, present, lists: { starts, lengths } };
}

function hasAll(validity: Uint8Array, from: number, count: number): boolean {
  for (let index = from; index < from + count; index += 1) if (!isValid(validity, index)) return false;
  return true;
}

function toBytes(validity: Uint8Array | null, rows: number): Uint8Array | null {
  if (validity === null) return null;
  const bytes = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) bytes[row] = (validity[row >> 3]! >> (row & 7)) & 1;
  return bytes;
}

function joinLists(parts: readonly ValueColumn[]): ValueColumn['lists'] {
  let elements = 0;
  const starts = parts.map(({ values, lists }) => {
    const moved = lists!.starts.map((start) => start + elements);
    elements += values.length;
    return moved;
  });
  return { starts: joinWords(starts), lengths: joinWords(parts.map(({ lists }) => lists!.lengths)) };
}

function joined(parts: readonly ValueColumn['values'][]): ValueColumn['values'] {
  const [first] = parts;
  if (first instanceof Float64Array) return fill(new Float64Array(totalLength(parts)), parts as Float64Array[]);
  if (first instanceof BigInt64Array) return fill(new BigInt64Array(totalLength(parts)), parts as BigInt64Array[]);
  if (first instanceof Uint8Array) return joinArrays(parts as Uint8Array[]);
  return (parts as (readonly (string | null)[])[]).flat();
}

function joinArrays(parts: readonly Uint8Array[]): Uint8Array {
  return fill(new Uint8Array(totalLength(parts)), parts);
}

function joinWords(parts: readonly Uint32Array[]): Uint32Array {
  return fill(new Uint32Array(totalLength(parts)), parts);
}

function totalLength(parts: readonly { readonly length: number }[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function fill<All extends { set(part: All, offset: number): void; readonly length: number }>(
  all: All,
  parts: readonly All[],
): All {
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
