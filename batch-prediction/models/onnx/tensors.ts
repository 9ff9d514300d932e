import { toElementType, type RawValue, type ValueType } from '../../../values/value-type.js';
import type { Prediction, PredictionFailure } from '../model-serving.js';
import { invalidInput } from '../read-inputs.js';
import type { Elements, TensorData } from './session-task.js';
import type { TensorLayout, TensorType } from './tensor-layout.js';

/** The inputs of an instance, in the order of the model. */
export type Row = readonly (RawValue | null)[];

const MAKE: Readonly<Record<TensorType, (length: number) => Elements>> = {
  bool: (length) => new Uint8Array(length),
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  int32: (length) => new Int32Array(length),
  int64: (length) => new BigInt64Array(length),
  string: (length) => new Array<string>(length).fill(''),
};

/** What the types of the registry let through and a tensor still cannot hold; undefined when all is well. */
export function tensorFault(layouts: readonly TensorLayout[], row: Row): PredictionFailure | undefined {
  for (const { type, columns } of layouts) {
    for (const { field, position, width } of columns) {
      const value = row[position]!;
      const elements = toElementType(field.valueType) ? (value as readonly RawValue[]) : [value];
      if (elements.length !== width) {
        return invalidInput(field, `has ${elements.length} elements; the model takes ${width}`);
      }
      if (elements.some((element) => typeof element === 'bigint' && !fitsInteger(type, element))) {
        return invalidInput(field, `has an integer that does not fit the model's ${type}`);
      }
    }
  }
  return undefined;
}

function fitsInteger(type: TensorType, value: bigint): boolean {
  return type === 'float32' || type === 'float64' || BigInt.asIntN(type === 'int32' ? 32 : 64, value) === value;
}

export function toTensors(layouts: readonly TensorLayout[], rows: readonly Row[]): TensorData[] {
  return layouts.map(({ name, type, width, rank, columns }) => {
    const data = MAKE[type](rows.length * width);
    for (const [index, row] of rows.entries()) {
      for (const { position, offset, width: own } of columns) {
        const value = row[position]!;
        const at = index * width + offset;
        if (Array.isArray(value)) {
          for (let element = 0; element < own; element += 1)
            data[at + element] = toElement(type, value[element] as Scalar);
        } else {
          data[at] = toElement(type, value as Scalar);
        }
      }
    }
    return { name, type, data, dims: rank === 1 ? [rows.length] : [rows.length, width] };
  });
}

type Scalar = boolean | number | bigint | string | null;

/** The narrower types round (float32) as the model was trained to expect; a missing value is NaN. */
function toElement(type: TensorType, value: Scalar): never {
  const element =
    type === 'string'
      ? value
      : type === 'int64'
        ? BigInt(value as boolean | bigint)
        : value === null
          ? NaN
          : Number(value);
  return element as never;
}

/** The outputs of the model for each row of the tensors, which the graph gave in the order of the layouts. */
export function fromTensors(
  layouts: readonly TensorLayout[],
  tensors: readonly TensorData[],
  rows: number,
): Prediction[] {
  for (const [index, { name, width }] of layouts.entries()) {
    if (tensors[index]!.data.length !== rows * width) {
      throw new Error(`the graph gave ${tensors[index]!.data.length} values of "${name}" for ${rows} instances`);
    }
  }
  return Array.from({ length: rows }, (_, row) => {
    const prediction: [string, RawValue][] = [];
    for (const [index, { width, columns }] of layouts.entries()) {
      const { data } = tensors[index]!;
      for (const { field, offset, width: own } of columns) {
        const at = row * width + offset;
        const elementType = toElementType(field.valueType);
        const value = elementType
          ? Array.from({ length: own }, (_, element) => fromElement(elementType, data[at + element]!))
          : fromElement(field.valueType, data[at]!);
        prediction.push([field.name, value as RawValue]);
      }
    }
    return Object.fromEntries(prediction);
  });
}

function fromElement(valueType: ValueType, element: number | bigint | string): boolean | number | bigint | string {
  switch (valueType) {
    case 'BOOL':
      return Boolean(element);
    case 'INT64':
      return BigInt(element);
    case 'DOUBLE':
      return Number(element);
    default:
      return element;
  }
}
