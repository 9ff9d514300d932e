import type { protos } from '@google-cloud/aiplatform';
import { badInput } from '../../../errors/app-error.js';
import type { RawValue, StructField, StructValue, ValueType } from '../../../values/value-type.js';

export type WireValue = protos.google.cloud.aiplatform.v1.IFeatureValue;

/** The member of the wire's oneof that carries each value type. A TIMESTAMP travels as an INT64 of microseconds. */
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

/** A value as Vertex AI takes it, both generations. INT64 goes as text so that no digit is lost on the way. */
export function encodeValue(valueType: ValueType, value: RawValue): WireValue {
  switch (valueType) {
    case 'INT64':
    case 'TIMESTAMP':
      return { int64Value: (value as bigint).toString() };
    case 'INT64_ARRAY':
      return { int64ArrayValue: { values: (value as readonly bigint[]).map(String) } };
    case 'BOOL_ARRAY':
    case 'DOUBLE_ARRAY':
    case 'STRING_ARRAY':
      return { [MEMBERS[valueType]]: { values: value } };
    case 'STRUCT':
      return encodeStruct(value as StructValue);
    default:
      return { [MEMBERS[valueType]]: value };
  }
}

/**
 * A value as Vertex AI gave it; null when it carries none. Throws when it is of another type than the registry says:
 * read as if it were right, an INT64 in a TIMESTAMP's place is a date in 1970.
 */
export function decodeValue(valueType: ValueType, wire: WireValue): RawValue | null {
  const member = findMember(wire);
  if (member === undefined) return null;
  if (member !== MEMBERS[valueType]) throw new TypeError(`a ${valueType} came as ${member}`);
  const value: unknown = wire[member];
  switch (valueType) {
    case 'INT64':
    case 'TIMESTAMP':
      return BigInt(String(value));
    case 'INT64_ARRAY':
      return readArrayValues(value).map((item) => BigInt(String(item)));
    case 'BOOL_ARRAY':
    case 'DOUBLE_ARRAY':
    case 'STRING_ARRAY':
      return readArrayValues(value) as readonly boolean[];
    case 'BYTES':
      return new Uint8Array(value as Uint8Array);
    case 'STRUCT':
      return decodeStruct(value as protos.google.cloud.aiplatform.v1.IStructValue);
    default:
      return value as boolean | number | string;
  }
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

/** JSON has one number; it goes as a DOUBLE. A list has one element type there, so a mixed one has no place. */
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
  if (member === undefined) return null;
  const value: unknown = wire[member];
  switch (member) {
    case 'int64Value':
      return integer(value);
    case 'int64ArrayValue':
      return readArrayValues(value).map(integer);
    case 'bytesValue':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'structValue':
      return decodeStruct(value as protos.google.cloud.aiplatform.v1.IStructValue);
    case 'boolArrayValue':
    case 'doubleArrayValue':
    case 'stringArrayValue':
      return readArrayValues(value) as readonly StructField[];
    default:
      return value as StructField;
  }
}

/** A field of a STRUCT is JSON: beyond 2^53 an integer stays text. */
function integer(value: unknown): StructField {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
