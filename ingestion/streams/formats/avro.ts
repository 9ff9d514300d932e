import avro from 'avsc';

/** Confluent's wire format: a zero byte and the id of the schema in four bytes. */
const CONFLUENT_HEADER_BYTES = 5;

/** 64-bit integers as bigint: the library's own become doubles, and it refuses those beyond 2^53. */
const bigintLong = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: (value: number) => BigInt(value),
  toJSON: (value: bigint) => Number(value),
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (one: bigint, other: bigint) => (one === other ? 0 : one < other ? -1 : 1),
});

export function avroDecoder(schema: string, confluentHeader: boolean): (data: Uint8Array) => unknown {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema, { registry: { long: bigintLong } });
  return (data) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (!confluentHeader) return type.fromBuffer(bytes) as unknown;
    if (bytes.length < CONFLUENT_HEADER_BYTES || bytes[0] !== 0) throw new Error('no header of Confluent');
    return type.fromBuffer(bytes.subarray(CONFLUENT_HEADER_BYTES)) as unknown;
  };
}
