import type { ValueType } from '../../../values/value-type.js';
import type { Elements } from './session-task.js';

export type Scalar = boolean | number | bigint | string;
export type Element = number | bigint | string;

interface ElementType {
  readonly make: (length: number) => Elements;
  /** Encodes a value as an element; undefined if the tensor cannot hold it. null is a missing value. */
  readonly encode: (value: Scalar | null) => Element | undefined;
}

/** The element types that the gateway can read and write. ONNX has more: bfloat16, int4, complex64 and others. */
const ELEMENT_TYPES = {
  bool: { make: (length) => new Uint8Array(length), encode: encodeBoolean },
  string: {
    make: (length) => new Array<string>(length).fill(''),
    encode: (value) => (typeof value === 'string' ? value : undefined),
  },
  float16: float((length) => new Float16Array(length), roundToHalf),
  float32: float((length) => new Float32Array(length), Math.fround),
  float64: float((length) => new Float64Array(length), Number),
  int8: integer((length) => new Int8Array(length), -(2 ** 7), 2 ** 7 - 1),
  int16: integer((length) => new Int16Array(length), -(2 ** 15), 2 ** 15 - 1),
  int32: integer((length) => new Int32Array(length), -(2 ** 31), 2 ** 31 - 1),
  uint8: integer((length) => new Uint8Array(length), 0, 2 ** 8 - 1),
  uint16: integer((length) => new Uint16Array(length), 0, 2 ** 16 - 1),
  uint32: integer((length) => new Uint32Array(length), 0, 2 ** 32 - 1),
  int64: longInteger((length) => new BigInt64Array(length), -(2n ** 63n), 2n ** 63n - 1n),
  uint64: longInteger((length) => new BigUint64Array(length), 0n, 2n ** 64n - 1n),
} as const satisfies Readonly<Record<string, ElementType>>;

export type TensorType = keyof typeof ELEMENT_TYPES;

export function isTensorType(type: string): type is TensorType {
  return Object.hasOwn(ELEMENT_TYPES, type);
}

/** Whether a tensor can hold values of a type at all. The encoding decides for each single value. */
export function canBeElement(valueType: ValueType, type: TensorType): valueType is ElementValueType {
  return VALUES[valueType]?.fits(type) ?? false;
}

/** The value for the trial run of a graph. */
export function zero(valueType: ValueType): Scalar {
  return VALUES[valueType]?.zero ?? 0;
}

export function makeElements(type: TensorType, length: number): Elements {
  return ELEMENT_TYPES[type].make(length);
}

/**
 * Encodes a value as an element of a tensor; undefined if the tensor cannot hold it. Fractions are rounded to the
 * narrower floats, as in training. An integer is encoded exactly or not at all, and no number becomes an infinity.
 */
export function toElement(type: TensorType, value: Scalar | null): Element | undefined {
  return ELEMENT_TYPES[type].encode(value);
}

/** Reads an element of a tensor as a value of a type; undefined where it does not have that type. */
export function fromElement(valueType: ElementValueType, element: Element): Scalar | undefined {
  return VALUES[valueType].decode(element);
}

interface ElementValue {
  /** Whether a tensor of this type can have such elements. */
  readonly fits: (type: TensorType) => boolean;
  readonly decode: (element: Element) => Scalar | undefined;
  readonly zero: Scalar;
}

/**
 * How values of each type become elements; null for an unsupported type. TIMESTAMP is unsupported, because the model's
 * unit of time is unknown.
 */
const VALUES = {
  BOOL: {
    fits: (type) => type !== 'string',
    decode: (element) => (Number(element) === 0 ? false : Number(element) === 1 ? true : undefined),
    zero: false,
  },
  BOOL_ARRAY: null,
  DOUBLE: {
    fits: isNumeric,
    decode: (element) => (typeof element === 'bigint' ? exactly(Number(element), element) : Number(element)),
    zero: 0,
  },
  DOUBLE_ARRAY: null,
  INT64: {
    fits: isNumeric,
    decode: (element) => {
      if (typeof element === 'bigint') return fitInt64(element);
      return Number.isInteger(element) ? fitInt64(BigInt(element)) : undefined;
    },
    zero: 0n,
  },
  INT64_ARRAY: null,
  STRING: { fits: (type) => type === 'string', decode: String, zero: '' },
  STRING_ARRAY: null,
  BYTES: null,
  STRUCT: null,
  TIMESTAMP: null,
} as const satisfies Record<ValueType, ElementValue | null>;

export type ElementValueType = {
  [Type in ValueType]: (typeof VALUES)[Type] extends null ? never : Type;
}[ValueType];

function isNumeric(type: TensorType): boolean {
  return type !== 'string' && type !== 'bool';
}

function encodeBoolean(value: Scalar | null): number | undefined {
  return typeof value === 'boolean' ? Number(value) : undefined;
}

function float(make: ElementType['make'], round: (value: number) => number): ElementType {
  const encode: ElementType['encode'] = (value) => {
    if (value === null) return NaN;
    if (typeof value === 'string') return undefined;
    const rounded = round(Number(value));
    if (typeof value === 'bigint') return exactly(rounded, value);
    return Number.isFinite(rounded) || !Number.isFinite(Number(value)) ? rounded : undefined;
  };
  return { make, encode };
}

function integer(make: ElementType['make'], least: number, most: number): ElementType {
  const encode: ElementType['encode'] = (value) => {
    if (value === null || typeof value === 'string') return undefined;
    // Far beyond 2^53 the number is inexact, but it is out of range in any case.
    const number = Number(value);
    return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  };
  return { make, encode };
}

function longInteger(make: ElementType['make'], least: bigint, most: bigint): ElementType {
  const encode: ElementType['encode'] = (value) => {
    if (value === null || typeof value === 'string') return undefined;
    if (typeof value === 'number' && !Number.isInteger(value)) return undefined;
    const whole = BigInt(value);
    return whole >= least && whole <= most ? whole : undefined;
  };
  return { make, encode };
}

function exactly(rounded: number, value: bigint): number | undefined {
  return Number.isFinite(rounded) && BigInt(rounded) === value ? rounded : undefined;
}

function fitInt64(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

const half = new Float16Array(1);

function roundToHalf(value: number): number {
  half[0] = value;
  return half[0];
}
