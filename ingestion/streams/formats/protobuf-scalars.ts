import protobuf from 'protobufjs';
import { readUtf8 } from './message-format.js';

/** How a value is on the wire: the low three bits of a tag. */
export const WIRE = { VARINT: 0, FIXED_64: 1, BYTES: 2, START_GROUP: 3, END_GROUP: 4, FIXED_32: 5 } as const;

/** Reads one value of a type that is no message. */
export function readScalar(type: string, reader: protobuf.Reader): unknown {
  switch (type) {
    case 'string':
      return readUtf8(reader.bytes());
    case 'bytes':
      // A copy: a part of a message would keep all of it in memory.
      return Buffer.from(reader.bytes());
    default:
      return toWhole(reader[type as NumberType]());
  }
}

type NumberType = 'bool' | 'double' | 'float' | 'int32' | 'int64';

/** 64-bit integers become bigint. */
export function toWhole(value: unknown): unknown {
  if (!isLong(value)) return value;
  const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? bits : BigInt.asIntN(64, bits);
}

/** A 64-bit integer of the library. */
interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

function isLong(value: unknown): value is Long {
  return value instanceof protobuf.util.Long;
}

/** The wire type of one value of a field. */
export function wireTypeOf(field: protobuf.Field): number {
  if (field.resolvedType instanceof protobuf.Type || field.map) return field.delimited ? WIRE.START_GROUP : WIRE.BYTES;
  return basicWireType(scalarOf(field));
}

/** Enums are int32 on the wire. */
export function scalarOf({ resolvedType, type }: Pick<protobuf.FieldBase, 'resolvedType' | 'type'>): string {
  return resolvedType instanceof protobuf.Enum ? 'int32' : type;
}

/** The wire type of a type that is no message. */
export function basicWireType(type: string): number {
  return (protobuf.types.basic as Readonly<Record<string, number>>)[type]!;
}
