import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { parseProtobufSchema } from '../../../../ingestion/streams/formats/protobuf.js';
import { mapping, read } from '../../../support/streams/stream-mapping.js';

describe('JSON', () => {
  it('has every digit of whole numbers, in ids and values', () => {
    expect(read(mapping({}), '{"id":9007199254740993,"at":1,"orders":9223372036854775807}')).toEqual({
      entityId: '9007199254740993',
      timestamp: 1_000n,
      values: { orders: 9223372036854775807n },
    });
  });

  it('has every digit of fractions in a STRUCT, and the nearest DOUBLE', () => {
    const map = mapping({ features: { cart: 'cart', basket: 'totals.basket' } });
    const fraction = '0.1234567890123456789';
    const text = `{"id":"a","at":1,"cart":{"f":[${fraction},0.10000000000000000555]},"totals":{"basket":${fraction}}}`;
    expect(read(map, text).values).toEqual({ cart: { f: [fraction, 0.1] }, basket: 0.12345678901234568 });
    expect(() => read(map, '{"id":"a","at":1,"totals":{"basket":9007199254740991.4}}')).toThrow('9007199254740991.4');
  });

  it('writes a null, and does not write what is absent', () => {
    expect(read(mapping({}), '{"id":"a","at":1,"note":null,"totals":{"basket":1.5}}').values).toEqual({
      note: null,
      basket: 1.5,
    });
  });

  it('joins the parts of a composite id as every other way does', () => {
    const map = mapping({ entityId: ['id', '$key'] }, '', ['customer', 'page']);
    expect(read(map, '{"id":"a,b","at":1,"orders":1}', 'p').entityId).toBe('a%2Cb,p');
  });

  it.each([
    ['{"id":1.5,"at":1,"orders":1}', 'id'],
    ['{"id":"","at":1,"orders":1}', 'id'],
    ['{"at":1,"orders":1}', 'id'],
    ['{"id":"a","orders":1}', 'at'],
    ['{"id":"a","at":"1","orders":1}', 'at'],
    ['{"id":"a","at":1.5,"orders":1}', 'at'],
    ['{"id":"a","at":9999999999999999,"orders":1}', 'at'],
    ['{"id":"a","at":1,"orders":1.5}', 'orders'],
    ['{"id":"a","at":1,"orders":9223372036854775808}', 'orders'],
    ['{"id":"a","at":1,"totals":{"basket":"1"}}', 'totals.basket'],
  ])('refuses %s at %s', (text, field) => {
    expect(() => read(mapping({}), text)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ field }) }),
    );
  });

  it.each([
    ['EPOCH_SECONDS', '1000000000', 1_000_000_000_000_000n],
    ['EPOCH_MICROS', '1000000000000001', 1_000_000_000_000_001n],
    ['EPOCH_NANOS', '1000000000000001000', 1_000_000_000_000_001n],
    ['RFC_3339', '"2001-09-09T03:46:40.000001+02:00"', 1_000_000_000_000_001n],
  ] as const)('reads a time that is declared as %s', (format, at, expected) => {
    const map = mapping({ timestamp: { path: 'at', format } });
    expect(read(map, `{"id":"a","at":${at},"orders":1}`).timestamp).toBe(expected);
  });

  it('refuses nanoseconds that microseconds cannot carry', () => {
    const map = mapping({ timestamp: { path: 'at', format: 'EPOCH_NANOS' } });
    expect(() => read(map, '{"id":"a","at":1000000000000000001,"orders":1}')).toThrow('finer than a microsecond');
  });
});

describe('Avro', () => {
  const schema = JSON.stringify({
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'orders', type: ['null', 'long'] },
      { name: 'totals', type: { type: 'record', name: 'Totals', fields: [{ name: 'basket', type: 'double' }] } },
      { name: 'photo', type: 'bytes' },
    ],
  });
  // The library's own writer, whose longs are doubles: small numbers are the same bytes.
  const encode = (orders: number | null): Buffer =>
    avro.Type.forSchema(JSON.parse(schema)).toBuffer({
      id: 'a',
      at: 1000,
      orders,
      totals: { basket: NaN },
      photo: Buffer.from([1, 2]),
    });

  const AVRO = {
    format: 'AVRO' as const,
    schemaFile: 'schema',
    features: { orders: 'orders', basket: 'totals.basket', photo: 'photo' },
  };

  it('reads records, unions, bytes and longs', () => {
    const map = mapping(AVRO, schema);
    expect(read(map, encode(7))).toEqual({
      entityId: 'a',
      timestamp: 1_000_000n,
      values: { orders: 7n, basket: NaN, photo: Buffer.from([1, 2]) },
    });
    expect(read(map, encode(null)).values).toMatchObject({ orders: null });
  });

  it('has every digit of a long beyond 2^53', () => {
    const map = mapping({ ...AVRO, features: { orders: 'orders' } }, schema);
    const bytes = encode(0);
    // Zigzag and base 128 of the greatest long, in place of the zero after the id, the time and the branch of the union.
    const at = 2 + 2 + 1;
    const greatest = Buffer.from('feffffffffffffffff01', 'hex');
    const changed = Buffer.concat([bytes.subarray(0, at), greatest, bytes.subarray(at + 1)]);
    expect(read(map, changed).values).toEqual({ orders: 9223372036854775807n });
  });

  it('reads the header of Confluent, and refuses a message without it', () => {
    const map = mapping({ ...AVRO, confluentHeader: true }, schema);
    expect(read(map, Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), encode(1)])).values).toMatchObject({ orders: 1n });
    expect(() => read(map, encode(1))).toThrow('The message is not AVRO of the schema');
  });

  it('refuses bytes that are not of the schema', () => {
    const map = mapping(AVRO, schema);
    expect(() => read(map, encode(1).subarray(0, 5))).toThrow('The message is not AVRO of the schema');
    expect(() => read(map, Buffer.concat([encode(1), Buffer.from([0])]))).toThrow('The message is not AVRO');
  });
});

describe('Protobuf', () => {
  const schema = `
    syntax = "proto3";
    package shop;
    import "google/protobuf/timestamp.proto";
    message Order {
      string id = 1;
      google.protobuf.Timestamp at = 2;
      int64 orders = 3;
      Totals totals = 4;
      optional string note = 5;
      bytes photo = 6;
      message Totals { double basket = 1; }
    }`;
  const type = parseProtobufSchema(schema).lookupType('shop.Order');
  const map = () =>
    mapping(
      {
        format: 'PROTOBUF',
        schemaFile: 'schema',
        messageType: 'shop.Order',
        timestamp: { path: 'at', format: 'PROTOBUF_TIMESTAMP' },
      },
      schema,
    );
  const encode = (content: object): Uint8Array => type.encode(type.fromObject(content)).finish();

  it('has every digit of an int64, and a time of seconds and nanoseconds', () => {
    const bytes = encode({ id: 'a', at: { seconds: 1000, nanos: 1000 }, orders: '9223372036854775807' });
    expect(read(map(), bytes)).toEqual({
      entityId: 'a',
      timestamp: 1_000_000_001n,
      values: { orders: 9223372036854775807n, photo: Buffer.from([]) },
    });
  });

  it('has the default of a field without presence, and not of an optional field or a message', () => {
    const { values } = read(map(), encode({ id: 'a', at: { seconds: 1 } }));
    expect(values).toMatchObject({ orders: 0n });
    expect(Object.keys(values)).not.toContain('note');
    expect(Object.keys(values)).not.toContain('basket');
  });

  it('refuses bytes that are not of the schema', () => {
    expect(() => read(map(), Buffer.from('ff', 'hex'))).toThrow('The message is not shop.Order of the schema');
  });

  it('says which schema cannot be read', () => {
    const broken = { format: 'PROTOBUF', schemaFile: 'schema', messageType: 'shop.Order' } as const;
    expect(() => mapping(broken, 'message {')).toThrow('The schema of the stream "orders" cannot be read');
  });
});

describe('the registry', () => {
  it.each([
    [{ format: 'AVRO' as const }, 'needs a schema file'],
    [{ schemaFile: 'x.avsc' }, 'JSON has no schema file'],
    [{ entityId: ['a', 'b'] }, 'a path for each id column'],
    [{ timestamp: null }, 'needs an event time'],
    [{ features: { unknown: 'x' } }, 'has no feature "unknown"'],
    [{ entityType: 'nobody' }, 'there is no entity type'],
  ])('refuses a stream with %j', (stream, message) => {
    expect(() => mapping(stream)).toThrow(message);
  });
});
