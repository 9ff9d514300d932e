import protobuf from 'protobufjs';

/**
 * Reads a Protobuf message by its schema text. Fields without presence have their defaults, as in every Protobuf
 * library; other absent fields are absent.
 */
export function protobufDecoder(schema: string, messageType: string): (data: Uint8Array) => unknown {
  const type = parseProtobufSchema(schema).lookupType(messageType);
  return (data) => toPlain(type.toObject(type.decode(data), { enums: String, defaults: true, arrays: true }));
}

/** A schema in one file. It may import what Protobuf itself brings, such as google/protobuf/timestamp.proto. */
export function parseProtobufSchema(schema: string): protobuf.Root {
  const { root, imports = [] } = protobuf.parse(schema, { keepCase: true });
  for (const file of imports) {
    const known = protobuf.common.get(file);
    if (!known) throw new Error(`it imports "${file}": write all messages in one file`);
    root.addJSON(known.nested ?? {});
  }
  root.resolveAll();
  return root;
}

/** A 64-bit integer of the library. */
interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

/** 64-bit integers become bigint. The library sets absent messages to null, which would be a written null. */
function toPlain(value: unknown): unknown {
  if (isLong(value)) {
    const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
    return value.unsigned ? bits : BigInt.asIntN(64, bits);
  }
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([name, item]) => [name, toPlain(item)]),
  );
}

function isLong(value: unknown): value is Long {
  return value instanceof protobuf.util.Long;
}
