import protobuf from 'protobufjs/minimal.js';

/** A field of a protobuf message, in its encoded form. */
export interface ProtobufField {
  readonly number: number;
  /** The content of a message, a text or a packed list; empty for a number. */
  readonly bytes: Uint8Array;
  /** The value of a field with the wire type varint; 0n for all others. */
  readonly integer: bigint;
  /** The bytes of the whole field, with its number. */
  readonly whole: Uint8Array;
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const NOTHING = new Uint8Array();

/**
 * Yields the fields of a message one by one, without copies. No schema is used, for two reasons: a field that the
 * schema does not know would be lost when the message is written again, and the weights of a model need no parsing.
 */
export function* readFields(message: Uint8Array): Generator<ProtobufField> {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const wireType = tag & 7;
    let bytes: Uint8Array = NOTHING;
    let integer = 0n;
    if (wireType === LENGTH_DELIMITED) bytes = reader.bytes();
    else if (wireType === VARINT) integer = readVarint(reader);
    else reader.skipType(wireType);
    yield { number: tag >>> 3, bytes, integer, whole: message.subarray(start, reader.pos) };
  }
}

/** Reads int64 values of a single field or of a packed list. */
export function readPackedIntegers(list: Uint8Array): bigint[] {
  const reader = protobuf.Reader.create(list);
  const integers: bigint[] = [];
  while (reader.pos < reader.len) integers.push(readVarint(reader));
  return integers;
}

/** Writes a field that contains a message or a text. */
export function writeField(number: number, bytes: Uint8Array): Uint8Array {
  return protobuf.Writer.create()
    .uint32((number << 3) | LENGTH_DELIMITED)
    .bytes(bytes)
    .finish();
}

export function writeInteger(number: number, integer: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32((number << 3) | VARINT)
    .int64(integer)
    .finish();
}

function readVarint(reader: protobuf.Reader): bigint {
  const { low, high } = reader.int64();
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}
