import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { parseProtobufSchema } from '../../../../ingestion/streams/formats/protobuf.js';
import { useLong } from '../../../support/streams/avro-long.js';
import { mapping, read } from '../../../support/streams/stream-mapping.js';

/** As in a schema file. */
type Schema = unknown;

const parse = (text: string): avro.Schema => JSON.parse(text) as avro.Schema;

describe('a stream whose schema has the unit of a time', () => {
  const schema = (at: Schema, seen: Schema): string =>
    JSON.stringify({
      type: 'record',
      name: 'Order',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'at', type: at },
        { name: 'seen', type: seen },
      ],
    });
  const stream = (unit: 'EPOCH_MILLIS' | 'EPOCH_MICROS' | 'EPOCH_NANOS' | 'RFC_3339') => ({
    format: 'AVRO' as const,
    schemaFile: 'schema',
    timestamp: { path: 'at', format: unit },
    features: { seen: 'seen' },
  });
  const time = (logicalType: string): Schema => ({ type: 'long', logicalType });

  it.each([
    ['timestamp-millis', 1_700_000_000_123n, 1_700_000_000_123_000n],
    ['timestamp-micros', 1_700_000_000_123_456n, 1_700_000_000_123_456n],
    ['timestamp-nanos', 1_700_000_000_123_456_000n, 1_700_000_000_123_456n],
  ])('reads a TIMESTAMP feature of %s by that unit', (logicalType, count, expected) => {
    const text = schema('long', ['null', time(logicalType)]);
    const map = mapping(stream('EPOCH_MICROS'), text);
    const type = avro.Type.forSchema(parse(text), { typeHook: useLong, wrapUnions: true });
    const message = type.toBuffer({ id: 'a', at: 1n, seen: { long: count } });
    expect(read(map, message)).toEqual({ entityId: 'a', timestamp: 1n, values: { seen: expected } });
  });

  it('refuses nanoseconds that microseconds cannot carry, at the path of the feature', () => {
    const text = schema('long', time('timestamp-nanos'));
    const type = avro.Type.forSchema(parse(text), { typeHook: useLong });
    const message = type.toBuffer({ id: 'a', at: 1n, seen: 1_700_000_000_123_456_789n });
    expect(() => read(mapping(stream('EPOCH_MICROS'), text), message)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('finer than a microsecond'),
        details: { field: 'seen' },
      }),
    );
  });

  it.each<[string, Schema, Schema, string]>([
    [
      'an event time of another unit',
      time('timestamp-micros'),
      time('timestamp-millis'),
      'the schema has EPOCH_MICROS',
    ],
    ['an event time that is a date', { type: 'int', logicalType: 'date' }, 'string', 'the schema has no time'],
    ['an event time that is text', 'string', 'string', 'the schema has RFC_3339'],
    ['an event time without a time zone', time('local-timestamp-millis'), 'string', 'the schema has no time'],
    [
      'an event time that can be a date',
      [{ type: 'int', logicalType: 'date' }, time('timestamp-millis')],
      'string',
      'the schema has no time',
    ],
    [
      'an event time of two units',
      [time('timestamp-millis'), { type: 'record', name: 'R', fields: [] }, 'double'],
      'string',
      'the schema has PROTOBUF_TIMESTAMP',
    ],
    ['a TIMESTAMP feature of a number without a unit', 'long', 'long', 'the feature "seen" is TIMESTAMP'],
    [
      'a TIMESTAMP feature of two units',
      'long',
      ['string', time('timestamp-micros')],
      'the feature "seen" is TIMESTAMP',
    ],
  ])('is refused with %s', (_what, at, seen, message) => {
    expect(() => mapping(stream('EPOCH_MILLIS'), schema(at, seen))).toThrow(message);
  });

  it('is refused with a path that the schema lacks, which would never be written', () => {
    const text = schema('long', time('timestamp-micros'));
    expect(() => mapping({ ...stream('EPOCH_MICROS'), features: { seen: 'seenn' } }, text)).toThrow(
      'the schema has no field "seenn"',
    );
  });

  it('refuses a text as BYTES: base64 is of JSON alone', () => {
    const text = schema('long', 'string');
    const map = mapping({ ...stream('EPOCH_MICROS'), features: { photo: 'seen' } }, text);
    const type = avro.Type.forSchema(parse(text), { typeHook: useLong });
    expect(() => read(map, type.toBuffer({ id: 'a', at: 1n, seen: 'abcd' }))).toThrow('"abcd" is text');
  });
});

describe('a stream of Protobuf', () => {
  const stream = {
    ...{ format: 'PROTOBUF' as const, schemaFile: 'schema', messageType: 'M' },
    timestamp: { path: 'at', format: 'PROTOBUF_TIMESTAMP' as const },
  };
  const schema = (rest: string): string =>
    `syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
     message M { string id = 1; google.protobuf.Timestamp at = 2; ${rest} }`;
  const write = (text: string, content: object): Uint8Array => {
    const type = parseProtobufSchema(text).lookupType('M');
    return type.encode(type.fromObject({ id: 'a', at: { seconds: 1 }, ...content })).finish();
  };

  it('reads a TIMESTAMP feature of a Timestamp', () => {
    const text = schema('google.protobuf.Timestamp seen = 3;');
    const map = mapping({ ...stream, features: { seen: 'seen' } }, text);
    expect(read(map, write(text, { seen: { seconds: -1, nanos: 999_999_000 } })).values).toEqual({ seen: -1n });
    expect(() => read(map, write(text, { seen: { seconds: 1, nanos: 1 } }))).toThrow('finer than a microsecond');
    expect(() => read(map, write(text, { seen: { seconds: 1, nanos: -1000 } }))).toThrow('PROTOBUF_TIMESTAMP');
  });

  it.each([
    ['a TIMESTAMP feature of a number, which has no unit', 'int64 seen = 3;', { seen: 'seen' }, 'is TIMESTAMP'],
    ['a TIMESTAMP feature of a Duration', 'google.protobuf.Duration seen = 3;', { seen: 'seen' }, 'has no time'],
    ['a path that the schema lacks', 'int64 orders = 3;', { orders: 'order' }, 'no field "order"'],
    ['a path into a list', 'repeated M all = 3;', { note: 'all.id' }, 'no field "all.id"'],
  ])('is refused with %s', (_what, fields, features, message) => {
    expect(() => mapping({ ...stream, features }, schema(fields))).toThrow(message);
  });

  it('finds values in maps, oneofs and nested messages', () => {
    const text = schema('map<string, int64> by = 3; oneof one { N n = 4; } message N { double d = 1; }');
    const map = mapping({ ...stream, features: { orders: 'by.x', basket: 'n.d' } }, text);
    expect(read(map, write(text, { by: { x: '9007199254740993' }, n: { d: -0 } })).values).toEqual({
      orders: 9007199254740993n,
      basket: -0,
    });
  });
});
