import type { protos } from '@google-cloud/aiplatform';
import { badInput } from '../../../errors/app-error.js';
import {
  encodeWith,
  type RawValue,
  type StructField,
  type StructValue,
  type ValueDecoders,
  type ValueEncoders,
  type ValueType,
} from '../../../values/value-type.js';

export type WireValue = protos.google.cloud.aiplatform.v1.IFeatureValue;

/** The oneof member for each value type. A TIMESTAMP is an INT64 of microseconds. */
const MEMBERS = {
  BOOL: 'boolValue',
  BOOL_ARRAY: 'boolArrayValue',
  DOUBLE: 'doubleValue',
  DOUBLE_ARRAY: 'doubleArrayValue',
  INT64: 'int64Value',
  INT64_ARRAY: 'int64ArrayValue',
  STRING: 'stringValue',
  STRING_ARRAY: 'stringArrayValue',
  BYTES: 'bytesValue',
  STRUCT: 'structValue',
  TIMESTAMP: 'int64Value',
} as const satisfies Record<ValueType, keyof WireValue>;

/** INT64 is sent as text, which retains all digits. */
const ENCODERS = {
  BOOL: (value) => ({ boolValue: value }),
  BOOL_ARRAY: (value) => ({ boolArrayValue: { values: [...value] } }),
  DOUBLE: (value) => ({ doubleValue: value }),
  DOUBLE_ARRAY: (value) => ({ doubleArrayValue: { values: [...value] } }),
  INT64: (value) => ({ int64Value: value.toString() }),
  INT64_ARRAY: (value) => ({ int64ArrayValue: { values: value.map(String) } }),
  STRING: (value) => ({ stringValue: value }),
  STRING_ARRAY: (value) => ({ stringArrayValue: { values: [...value] } }),
  BYTES: (value) => ({ bytesValue: value }),
  STRUCT: encodeStruct,
  TIMESTAMP: (value) => ({ int64Value: value.toString() }),
} satisfies ValueEncoders<WireValue>;

/** Decodes the member of each type. */
const DECODERS = {
  BOOL: (content) => content as boolean,
  BOOL_ARRAY: (content) => readArrayValues(content) as readonly boolean[],
  DOUBLE: (content) => content as number,
  DOUBLE_ARRAY: (content) => readArrayValues(content) as readonly number[],
  INT64: readInteger,
  INT64_ARRAY: (content) => readArrayValues(content).map(readInteger),
  STRING: (content) => content as string,
  STRING_ARRAY: (content) => readArrayValues(content) as readonly string[],
  BYTES: (content) => new Uint8Array(content as Uint8Array),
  STRUCT: (content) => decodeStruct(content as protos.google.cloud.aiplatform.v1.IStructValue),
  TIMESTAMP: readInteger,
} satisfies ValueDecoders<unknown>;

/** A value in Vertex AI's format, for both generations. */
export function encodeValue(valueType: ValueType, value: RawValue): WireValue {
  return encodeWith<WireValue>(ENCODERS, valueType, value);
}

/**
 * Decodes a value from Vertex AI; null when it has none. Throws when its type differs from the registry's: an INT64 in
 * place of a TIMESTAMP would be read as a date in 1970.
 */
export function decodeValue(valueType: ValueType, wire: WireValue): RawValue | null {
  const member = findMember(wire);
  if (member === undefined) return null;
  if (member !== MEMBERS[valueType]) throw new TypeError(`a ${valueType} came as ${member}`);
  return DECODERS[valueType](wire[member]);
}

function readInteger(content: unknown): bigint {
  return BigInt(String(content));
}

type Member = (typeof MEMBERS)[ValueType];
const ALL_MEMBERS = [...new Set(Object.values(MEMBERS))];

function findMember(wire: WireValue): Member | undefined {
  return ALL_MEMBERS.find((member) => wire[member] !== null && wire[member] !== undefined);
}

function readArrayValues(array: unknown): readonly unknown[] {
  return (array as { readonly values?: readonly unknown[] | null }).values ?? [];
}

function encodeStruct(struct: StructValue): WireValue {
  return {
    structValue: { values: Object.entries(struct).map(([name, field]) => ({ name, value: encodeField(field) })) },
  };
}

/**
 * JSON has one number type; it is sent as a DOUBLE. A list has one element type there, so a mixed list cannot be sent.
 */
function encodeField(field: StructField): WireValue {
  if (field === null) return {};
  if (typeof field === 'boolean') return { boolValue: field };
  if (typeof field === 'number') return { doubleValue: field };
  if (typeof field === 'string') return { stringValue: field };
  if (!isList(field)) return encodeStruct(field);
  for (const [type, member] of [
    ['boolean', 'boolArrayValue'],
    ['number', 'doubleArrayValue'],
    ['string', 'stringArrayValue'],
  ] as const) {
    if (field.every((item) => typeof item === type)) return { [member]: { values: field } };
  }
  throw badInput('A list in a STRUCT holds booleans, numbers or texts, all of one kind: Vertex AI has no mixed lists.');
}

function isList(field: StructField): field is readonly StructField[] {
  return Array.isArray(field);
}

function decodeStruct(struct: protos.google.cloud.aiplatform.v1.IStructValue): StructValue {
  return Object.fromEntries((struct.values ?? []).map(({ name, value }) => [name ?? '', decodeField(value ?? {})]));
}

function decodeField(wire: WireValue): StructField {
  const member = findMember(wire);
  return member === undefined ? null : FIELD_DECODERS[member](wire[member]);
}

const FIELD_DECODERS = {
  boolValue: (content) => content as boolean,
  boolArrayValue: (content) => readArrayValues(content) as readonly boolean[],
  doubleValue: (content) => content as number,
  doubleArrayValue: (content) => readArrayValues(content) as readonly number[],
  int64Value: integer,
  int64ArrayValue: (content) => readArrayValues(content).map(integer),
  stringValue: (content) => content as string,
  stringArrayValue: (content) => readArrayValues(content) as readonly string[],
  bytesValue: (content) => Buffer.from(content as Uint8Array).toString('base64'),
  structValue: (content) => decodeStruct(content as protos.google.cloud.aiplatform.v1.IStructValue),
} satisfies Record<Member, (content: unknown) => StructField>;

/** A field of a STRUCT is JSON: an integer beyond 2^53 stays text. */
function integer(value: unknown): StructField {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
