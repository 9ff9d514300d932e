import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { parseProtobufSchema, protobufFormat } from '../../../../ingestion/streams/formats/protobuf.js';

const SCHEMA = `
  syntax = "proto3";
  package shop;
  import "google/protobuf/timestamp.proto";
  enum State { NEW = 0; PAID = 1; }
  message Every {
    bool bool = 1; int32 int32 = 2; uint32 uint32 = 3; sint32 sint32 = 4; fixed32 fixed32 = 5; sfixed32 sfixed32 = 6;
    int64 int64 = 7; uint64 uint64 = 8; sint64 sint64 = 9; fixed64 fixed64 = 10; sfixed64 sfixed64 = 11;
    float float = 12; double double = 13; string text = 14; bytes bytes = 15; State state = 16;
    optional int64 maybe = 17; optional string maybe_text = 18;
    repeated sint64 longs = 19; repeated double plain_doubles = 20 [packed = false]; repeated string texts = 21;
    repeated State states = 22; repeated Every children = 23;
    map<string, int64> by_text = 24; map<int64, string> by_long = 25; map<uint64, Every> by_unsigned = 26; map<bool, double> by_bool = 27;
    oneof choice { int64 whole = 28; string words = 29; Every nested = 30; }
    Every next = 31;
    google.protobuf.Timestamp at = 32;
  }`;
const TYPE = parseProtobufSchema(SCHEMA).lookupType('shop.Every');
const format = protobufFormat(SCHEMA, 'shop.Every');

/** What a message without fields is read as: fields without presence have their zero. */
const EMPTY = {
  bool: false,
  ...{ int32: 0, uint32: 0, sint32: 0, fixed32: 0, sfixed32: 0 },
  ...{ int64: 0n, uint64: 0n, sint64: 0n, fixed64: 0n, sfixed64: 0n },
  ...{ float: 0, double: 0, text: '', bytes: Buffer.alloc(0), state: 'NEW' },
  ...{ longs: [], plain_doubles: [], texts: [], states: [], children: [] },
  ...{ by_text: {}, by_long: {}, by_unsigned: {}, by_bool: {} },
};

const whole = (bits: 32 | 64, isSigned: boolean): fc.Arbitrary<bigint> => {
  const [min, max] = isSigned
    ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
    : [0n, 2n ** BigInt(bits) - 1n];
  return fc.oneof(fc.constantFrom(min, max, 0n, 1n), fc.bigInt({ min, max }));
};
const small = (isSigned: boolean): fc.Arbitrary<number> => whole(32, isSigned).map(Number);
const signed = whole(64, true);
const unsigned = whole(64, false);
const double = fc.oneof(fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity, 5e-324));
const text = fc.string({ unit: 'binary' });
const keyed = <Key>(key: fc.Arbitrary<Key>, value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .array(fc.tuple(key, value), { maxLength: 3 })
    .map((entries) => Object.fromEntries(entries.map(([k, v]) => [String(k), v])));

const { every } = fc.letrec<{ every: Record<string, unknown> }>((tie) => {
  const nested = fc.oneof({ maxDepth: 2 }, fc.constant({}), tie('every')) as fc.Arbitrary<Record<string, unknown>>;
  const field = {
    ...{ bool: fc.boolean(), int32: small(true), uint32: small(false), sint32: small(true), fixed32: small(false) },
    ...{ sfixed32: small(true), int64: signed, uint64: unsigned, sint64: signed, fixed64: unsigned, sfixed64: signed },
    ...{ float: fc.oneof(fc.float(), fc.constantFrom(-0, NaN)), double, text, state: fc.constantFrom('NEW', 'PAID') },
    bytes: fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each)),
    ...{ maybe: signed, maybe_text: text, longs: fc.array(signed, { maxLength: 4 }) },
    plain_doubles: fc.array(double, { maxLength: 4 }),
    ...{ texts: fc.array(text, { maxLength: 4 }), states: fc.array(fc.constantFrom('NEW', 'PAID'), { maxLength: 4 }) },
    children: fc.array(nested, { maxLength: 2 }),
    by_text: keyed(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '')), signed),
    ...{ by_long: keyed(signed, text), by_unsigned: keyed(unsigned, nested), by_bool: keyed(fc.boolean(), double) },
    next: nested,
    at: fc.tuple(signed, fc.integer({ min: 0, max: 999_999_999 })).map(([seconds, nanos]) => ({ seconds, nanos })),
  };
  const choice = fc.oneof(
    fc.constant({}),
    fc.record({ whole: signed }),
    fc.record({ words: text }),
    fc.record({ nested }),
  );
  return {
    every: fc.tuple(fc.record(field, { requiredKeys: [] }), choice).map(([fields, one]) => ({ ...fields, ...one })),
  };
});

/** The message as the library writes it. */
function write(type: protobuf.Type, content: Readonly<Record<string, unknown>>): Uint8Array {
  return type.encode(toMessage(type, content)).finish();
}

function toMessage(type: protobuf.Type, content: Readonly<Record<string, unknown>>): protobuf.Message {
  const fields = Object.entries(content).map(([name, value]) => {
    const field = type.fields[name]!.resolve();
    const one = (item: unknown): unknown => {
      if (field.resolvedType instanceof protobuf.Type) return toMessage(field.resolvedType, item as never);
      if (field.resolvedType) return field.resolvedType.values[item as string];
      return typeof item === 'bigint' ? String(item) : item;
    };
    if (Array.isArray(value)) return [name, value.map(one)];
    if (!(field instanceof protobuf.MapField)) return [name, one(value)];
    const isBool = field.keyType === 'bool';
    // The library writes every text as a key that is true, but the empty one.
    const entries = Object.entries(value as object).map(([key, item]) => [
      isBool && key === 'false' ? '' : key,
      one(item),
    ]);
    return [name, Object.fromEntries(entries) as unknown];
  });
  return type.create(Object.fromEntries(fields) as Record<string, unknown>);
}

/** As a reader has it: with the zeros of fields without presence, also in nested messages. */
function complete(content: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(content).map(([name, value]): [string, unknown] => {
    const message = (item: unknown): unknown => complete(item as Record<string, unknown>);
    if (name === 'next' || name === 'nested') return [name, message(value)];
    if (name === 'children') return [name, (value as unknown[]).map(message)];
    if (name !== 'by_unsigned') return [name, value];
    return [name, Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, message(item)]))];
  });
  return { ...EMPTY, ...Object.fromEntries(entries) };
}

const UNKNOWN = parseProtobufSchema(`
  syntax = "proto3";
  message Newer { string a = 1001; int64 b = 1002; fixed64 c = 1003; fixed32 d = 1004; Newer e = 1005; }`).lookupType(
  'Newer',
);

describe('a message in Protobuf', () => {
  it('comes back with every bit, whatever its fields are, also beside fields that the schema lacks', () => {
    fc.assert(
      fc.property(every, fc.boolean(), (content, isNewer) => {
        const written = write(TYPE, content);
        const newer = UNKNOWN.encode(UNKNOWN.fromObject({ a: 'x', b: '-1', c: 1, d: 2, e: { a: 'y' } })).finish();
        const message = isNewer ? Buffer.concat([newer, written, newer]) : written;
        expect(format.decode(message)).toStrictEqual(complete(content));
      }),
      { numRuns: 300 },
    );
  });

  it('that is cut off is refused, or is a message of fewer fields: its end is nowhere written', () => {
    fc.assert(
      fc.property(every, fc.nat(), (content, at) => {
        const written = write(TYPE, content);
        const part = written.subarray(0, at % (written.length + 1));
        try {
          format.decode(part);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('bytes of Protobuf that a lenient reader takes for another value', () => {
  const decode = (fields: string, hex: string): unknown =>
    protobufFormat(`syntax = "proto3"; message M { ${fields} }`, 'M').decode(Buffer.from(hex, 'hex'));

  it.each([
    ['a double where the schema has an int64', 'int64 a = 1;', '09000000000000f03f'],
    ['an int64 where the schema has a double', 'double a = 1; int64 b = 2;', '0801100210031004'],
    ['a text where the schema has a number', 'int32 a = 1;', '0a0161'],
    ['a number where the schema has a text', 'string a = 1; string b = 2;', '0800'],
    ['a text where the schema has a list of texts in a map', 'map<string, string> a = 1;', '0a040a016110'],
    ['a key of another type', 'map<int32, int32> a = 1;', '0a050a01611001'],
    ['a text that is not UTF-8', 'string a = 1;', '0a02c328'],
    ['a text with half of a surrogate pair', 'string a = 1;', '0a03eda080'],
    ['a field without a number', 'string a = 1;', '0000'],
    ['a group that does not end', 'string a = 1;', '1b'],
    ['a list whose last number is cut off', 'repeated int64 a = 1;', '0a0180'],
    ['a number that the message ends in', 'int64 a = 1;', '0880808080'],
    ['a number that its entry of a map ends in', 'map<int32, int64> a = 1; int32 b = 2;', '0a04080110801001'],
    ['an int64 where the schema has an int32', 'int32 a = 1;', '088080808010'],
    ['an int64 of six bytes where the schema has an int32', 'int32 a = 1; int64 b = 2;', '088080808080011080808001'],
    ['an int64 where the schema has an enum', 'E a = 1; enum E { ZERO = 0; }', '088080808010'],
    ['an int64 where the schema has a sint32', 'sint32 a = 1;', '088080808010'],
    ['an int32 below zero where the schema has a uint32', 'uint32 a = 1;', '08ffffffffffffffffff01'],
    ['a uint32 where the schema has an int32', 'int32 a = 1;', '08ffffffff0f'],
    ['a number where the schema has a bool', 'bool a = 1;', '0802'],
    ['a number beyond 64 bits', 'uint64 a = 1;', '08ffffffffffffffffff03'],
    ['a number without end', 'uint64 a = 1;', '08ffffffffffffffffffffff01'],
    ['a length beyond 32 bits', 'string a = 1;', '0a818080801061'],
    ['a number of a field beyond 32 bits', 'string a = 1;', '8a808080100161'],
    ['a field without a number in an entry of a map', 'map<string, string> a = 1;', '0a020200'],
  ])('%s is refused', (_what, fields, hex) => {
    expect(() => decode(fields, hex)).toThrow();
  });

  it('has numbers up to the ends of 32 bits', () => {
    const written = '0880808080f8ffffffff0110ffffffff0f18ffffffff0f';
    const ends = { a: -(2 ** 31), b: 2 ** 32 - 1, c: -(2 ** 31) };
    expect(decode('int32 a = 1; uint32 b = 2; sint32 c = 3;', written)).toEqual(ends);
  });

  it('has the entries of a map with their length, also where the schema has messages without', () => {
    const { decode: read } = protobufFormat(
      `edition = "2023"; option features.message_encoding = DELIMITED;
       message M { map<string, N> a = 1; } message N { int32 b = 1; }`,
      'M',
    );
    expect(read(Buffer.from('0a070a016112020805', 'hex'))).toEqual({ a: { a: { b: 5 } } });
  });

  it('has the last of the fields of a oneof alone', () => {
    expect(decode('oneof one { int32 a = 1; string b = 2; }', '080112017a')).toEqual({ b: 'z' });
  });

  it('joins a message that comes in parts', () => {
    expect(decode('N n = 1; message N { int32 a = 1; int32 b = 2; }', '0a0208010a021002')).toEqual({
      n: { a: 1, b: 2 },
    });
  });

  it('reads numbers of a list that are packed, and those that are not, whatever the schema says', () => {
    expect(decode('repeated int32 a = 1;', '08010a020203')).toEqual({ a: [1, 2, 3] });
  });

  it('has a text that begins with a byte order mark as it is', () => {
    expect(decode('string a = 1;', '0a04efbbbf61')).toEqual({ a: '\ufeffa' });
  });

  it('keeps the number of a value that the enum lacks', () => {
    expect(decode('E e = 1; enum E { ZERO = 0; }', '0807')).toEqual({ e: 7 });
  });
});

describe('presence', () => {
  const decode = (schema: string): unknown => protobufFormat(schema, 'M').decode(Buffer.alloc(0));

  it('is of every field of proto2, whose default is no written value', () => {
    expect(
      decode('syntax = "proto2"; message M { optional int32 a = 1 [default = 5]; optional string b = 2; }'),
    ).toEqual({});
  });

  it('refuses a message of proto2 without a required field', () => {
    expect(() => decode('syntax = "proto2"; message M { required int32 a = 1; }')).toThrow();
  });

  it('reads the groups of proto2', () => {
    const { decode: read } = protobufFormat(
      'syntax = "proto2"; message M { optional group G = 1 { optional int32 a = 2; } optional int32 b = 3; }',
      'M',
    );
    expect(read(Buffer.from('0b10050c1807', 'hex'))).toEqual({ g: { a: 5 }, b: 7 });
  });
});
