import protobuf from 'protobufjs';
import { readUtf8 } from './message-format.js';

/** How a value is on the wire: the low three bits of a tag. */
export const WIRE = { VARINT: 0, FIXED_64: 1, BYTES: 2, START_GROUP: 3, END_GROUP: 4, FIXED_32: 5 } as const;

const MAX_UINT_32 = 2n ** 32n - 1n;
const MAX_INT_32 = 2n ** 31n - 1n;
const MAX_UINT_64 = 2n ** 64n - 1n;

/** Reads one value of a type that is no message. */
export function readScalar(type: string, reader: protobuf.Reader): unknown {
  if (type === 'string') return readUtf8(readPart(reader));
  // A copy: a part of a message would keep all of it in memory.
  if (type === 'bytes') return Buffer.from(readPart(reader));
  const toValue = VARINTS[type];
  return toValue ? toValue(readVarint(reader)) : toWhole(reader[type as FixedType]());
}

type FixedType = 'double' | 'float' | 'fixed32' | 'sfixed32' | 'fixed64' | 'sfixed64';

/** A number that the type does not have was written with another schema. The library's own reader cuts it to fewer bits. */
const VARINTS: Readonly<Record<string, (bits: bigint) => unknown>> = {
  bool: (bits) => within(bits, 0n, 1n) === 1n,
  int32: (bits) => toInt32(BigInt.asIntN(64, bits)),
  uint32: (bits) => Number(within(bits, 0n, MAX_UINT_32)),
  sint32: (bits) => toInt32(fromZigzag(bits)),
  int64: (bits) => BigInt.asIntN(64, bits),
  uint64: (bits) => bits,
  sint64: fromZigzag,
};

/** Reads a tag or a length. */
export function readUint32(reader: protobuf.Reader): number {
  return Number(within(readVarint(reader), 0n, MAX_UINT_32));
}

/** Reads the length of what follows. Gives the place where it ends. */
export function readEnd(reader: protobuf.Reader): number {
  const length = readUint32(reader);
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('no end of a part');
  return end;
}

function readPart(reader: protobuf.Reader): Uint8Array {
  const end = readEnd(reader);
  const part = reader.buf.subarray(reader.pos, end);
  reader.pos = end;
  return part;
}

/** The library's own reader takes the end of a message after four bytes for the end of the number. */
function readVarint(reader: protobuf.Reader): bigint {
  let bits = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.buf[reader.pos];
    if (byte === undefined) break;
    reader.pos += 1;
    bits |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return within(bits, 0n, MAX_UINT_64);
  }
  throw new RangeError('no end of a number');
}

function within(value: bigint, min: bigint, max: bigint): bigint {
  if (value < min || value > max) throw new RangeError('a number that the type does not have');
  return value;
}

function toInt32(value: bigint): number {
  return Number(within(value, -MAX_INT_32 - 1n, MAX_INT_32));
}

function fromZigzag(bits: bigint): bigint {
  return (bits >> 1n) ^ -(bits & 1n);
}

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

/** The wire type of one value of a field. The entries of a map have a length, whatever the schema says of messages. */
export function wireTypeOf(field: protobuf.Field): number {
  if (field.map) return WIRE.BYTES;
  if (field.resolvedType instanceof protobuf.Type) return field.delimited ? WIRE.START_GROUP : WIRE.BYTES;
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
