import { toElementType, type RawValue } from '../../../values/value-type.js';
import type { ModelField } from '../../../datasources/registry/prediction-model.js';
import type { ColumnBatch, ValueColumn } from '../model-serving.js';
import { sizeOf, type InputLayout } from './input-layout.js';
import type { TensorData } from './session-task.js';
import { makeElements, toElement, type Scalar } from './tensor-elements.js';

/**
 * Whether every batch of the graph can be one run with all instances as its rows, of one width. Other graphs get
 * instances.
 */
export function canEncodeColumns(layouts: readonly InputLayout[]): boolean {
  return layouts.every(({ hasRows, rowShape }) => hasRows && rowShape.every((size) => typeof size === 'number'));
}

/**
 * Makes the input tensors of all rows of a batch, and clears `kept` at rows whose values a tensor cannot hold exactly.
 * Their elements are there too, so the tensors are made again without them if there are any.
 */
export function encodeColumns(
  layouts: readonly InputLayout[],
  { rows, columns }: ColumnBatch,
  kept: Uint8Array,
): TensorData[] {
  return layouts.map(({ name, type, rowShape, fields, isArray }) => {
    const width = sizeOf(rowShape);
    const data = makeElements(type, rows * width);
    for (const [place, { field }] of fields.entries()) {
      const column = columns.get(field.name);
      const target: Target = { type, data, width, place, rows, kept };
      if (isArray) writeLists(target, column, field);
      else if (column) writeScalars(target, column, field);
      else writeMissing(target, field, null);
    }
    return { name, type, data, dims: [rows, ...(rowShape as readonly number[])] };
  });
}

/** The rows of tensors that are kept. */
export function selectRows(tensors: readonly TensorData[], kept: Uint8Array, count: number): TensorData[] {
  return tensors.map((tensor) => {
    const width = tensor.data.length / kept.length;
    const data = makeElements(tensor.type as InputLayout['type'], count * width);
    let next = 0;
    for (let row = 0; row < kept.length; row += 1) {
      if (kept[row] === 0) continue;
      for (let index = 0; index < width; index += 1) data[next++] = tensor.data[row * width + index] as never;
    }
    return { ...tensor, data, dims: [count, ...tensor.dims.slice(1)] };
  });
}

/** The tensors of each run, over the same memory, which a message takes to a thread as a whole. */
export function splitRuns(tensors: readonly TensorData[], counts: readonly number[]): TensorData[][] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let row = 0;
  return counts.map((count) => {
    const from = row;
    row += count;
    return tensors.map((tensor) => {
      const width = tensor.data.length / total;
      const [start, end] = [from * width, row * width];
      const data = Array.isArray(tensor.data) ? tensor.data.slice(start, end) : tensor.data.subarray(start, end);
      return { ...tensor, data, dims: [count, ...tensor.dims.slice(1)] };
    });
  });
}

interface Target {
  readonly type: InputLayout['type'];
  readonly data: TensorData['data'];
  /** The elements of a row. */
  readonly width: number;
  /** The first of them that is the field's. */
  readonly place: number;
  readonly rows: number;
  readonly kept: Uint8Array;
}

function writeScalars(target: Target, column: ValueColumn, field: ModelField): void {
  const { width, place, rows, kept } = target;
  const write = elementWriter(target, column.values);
  const { present } = column;
  for (let row = 0; row < rows; row += 1) {
    if (present !== null && present[row] === 0) continue;
    if (!write(row, row * width + place)) kept[row] = 0;
  }
  if (present !== null) writeMissing(target, field, present);
}

/** An array fills a row of the tensor, or the general way says why not. */
function writeLists(target: Target, column: ValueColumn | undefined, field: ModelField): void {
  const { width, rows, kept } = target;
  if (!column?.lists) {
    writeMissing(target, field, null);
    return;
  }
  const { starts, lengths } = column.lists;
  const write = elementWriter(target, column.values);
  for (let row = 0; row < rows; row += 1) {
    if (lengths[row] !== width || column.present?.[row] === 0) kept[row] = 0;
    else {
      for (let index = 0; index < width; index += 1) {
        if (!write(starts[row]! + index, row * width + index)) kept[row] = 0;
      }
    }
  }
}

/** The default of the input, or a missing value. Rows without either are left out. */
function writeMissing(
  { type, data, width, place, rows, kept }: Target,
  field: ModelField,
  present: Uint8Array | null,
): void {
  const value: RawValue | null | undefined = field.default ?? (field.nullable ? null : undefined);
  const element =
    value === undefined || toElementType(field.valueType) ? undefined : toElement(type, value as Scalar | null);
  for (let row = 0; row < rows; row += 1) {
    if (present !== null && present[row] === 1) continue;
    if (element === undefined) kept[row] = 0;
    else data[row * width + place] = element;
  }
}

/** Writes a value to a place of the tensor. It is false if the tensor cannot hold it exactly, or may not. */
type WriteElement = (from: number, to: number) => boolean;

function elementWriter({ type, data }: Target, values: ValueColumn['values']): WriteElement {
  if (Array.isArray(data)) {
    const texts = values as readonly (string | null)[];
    return (from, to) => {
      const text = texts[from];
      if (typeof text !== 'string') return false;
      data[to] = text;
      return true;
    };
  }
  if (values instanceof BigInt64Array) return integerWriter(data, values);
  const numbers = values as Float64Array | Uint8Array;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return (from, to) => {
      const number = numbers[from]!;
      if (!Number.isSafeInteger(number) || (number < 0 && data instanceof BigUint64Array)) return false;
      data[to] = BigInt(number);
      return true;
    };
  }
  if (type.startsWith('float')) {
    return (from, to) => {
      const number = numbers[from]!;
      data[to] = number;
      // A fraction is rounded, but no number becomes an infinity.
      return Number.isFinite(data[to]) || !Number.isFinite(number);
    };
  }
  return (from, to) => {
    data[to] = numbers[from]!;
    return data[to] === numbers[from];
  };
}

/** 64-bit integers, without a BigInt each: numbers up to 2^53 are made of their two halves. */
function integerWriter(data: Exclude<TensorData['data'], string[]>, values: BigInt64Array): WriteElement {
  const high = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    const [target, source] = [new Uint32Array(data.buffer), new Uint32Array(values.buffer, values.byteOffset)];
    const isSigned = data instanceof BigInt64Array;
    return (from, to) => {
      target[to * 2] = source[from * 2]!;
      target[to * 2 + 1] = source[from * 2 + 1]!;
      return isSigned || high[from * 2 + 1]! >= 0;
    };
  }
  const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  return (from, to) => {
    const upper = high[from * 2 + 1]!;
    const number = upper * 4_294_967_296 + low[from * 2]!;
    data[to] = number;
    return upper >= -(2 ** 21) && upper < 2 ** 21 && data[to] === number;
  };
}
