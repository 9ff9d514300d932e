import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { avroFormat } from '../../../../ingestion/streams/formats/avro.js';
import { useLong } from '../../../support/streams/avro-long.js';

const SCHEMA = {
  type: 'record',
  name: 'shop.Every',
  fields: [
    { name: 'bool', type: 'boolean' },
    { name: 'int', type: 'int' },
    { name: 'long', type: 'long' },
    { name: 'object_long', type: { type: 'long' } },
    { name: 'micros', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'nanos', type: ['null', { type: 'long', logicalType: 'timestamp-nanos' }] },
    { name: 'float', type: 'float' },
    { name: 'double', type: 'double' },
    { name: 'text', type: { type: 'string', 'avro.java.string': 'String' } },
    { name: 'bytes', type: 'bytes' },
    { name: 'fixed', type: { type: 'fixed', name: 'Four', size: 4 } },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] } },
    { name: 'longs', type: { type: 'array', items: 'long' } },
    { name: 'texts', type: ['null', { type: 'array', items: ['null', 'string'] }] },
    { name: 'by_key', type: { type: 'map', values: 'long' } },
    { name: 'number', type: ['null', 'int', 'long', 'double', 'State'] },
    { name: 'next', type: ['null', 'Every'] },
  ],
} as avro.Schema;

const long = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 63n, 64n, -64n, -65n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const double = fc.oneof(fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE));
const text = fc.string({ unit: 'binary' });
const bytes = fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each));
const key = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '', 'a.b', '\u0000'));

/** A value of the schema, and how the library writes it: with the branch of a union around its value. */
interface Written {
  readonly value: unknown;
  readonly wrapped: unknown;
}
const plain = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Written> =>
  arbitrary.map((value) => ({ value, wrapped: value }));
const branch = (name: string, arbitrary: fc.Arbitrary<Written>): fc.Arbitrary<Written> =>
  arbitrary.map(({ value, wrapped }) => ({ value, wrapped: { [name]: wrapped } }));
const NULL = fc.constant<Written>({ value: null, wrapped: null });
const list = (item: fc.Arbitrary<Written>): fc.Arbitrary<Written> =>
  fc.array(item, { maxLength: 5 }).map((items) => ({
    value: items.map(({ value }) => value),
    wrapped: items.map(({ wrapped }) => wrapped),
  }));

const { every } = fc.letrec<{ every: Written }>((tie) => ({
  every: fc
    .record({
      bool: plain(fc.boolean()),
      int: plain(int),
      long: plain(long),
      object_long: plain(long),
      micros: plain(long),
      nanos: fc.oneof(NULL, branch('long', plain(long))),
      float: plain(fc.oneof(fc.float(), fc.constantFrom(-0, NaN, Infinity))),
      double: plain(double),
      text: plain(text),
      bytes: plain(bytes),
      fixed: plain(fc.uint8Array({ minLength: 4, maxLength: 4 }).map((each) => Buffer.from(each))),
      state: plain(fc.constantFrom('NEW', 'PAID')),
      longs: list(plain(long)),
      texts: fc.oneof(NULL, branch('array', list(fc.oneof(NULL, branch('string', plain(text)))))),
      by_key: fc.array(fc.tuple(key, long), { maxLength: 4 }).map((entries) => {
        const value = Object.fromEntries(entries);
        return { value, wrapped: value };
      }),
      number: fc.oneof(
        NULL,
        branch('int', plain(int)),
        branch('long', plain(long)),
        branch('double', plain(double)),
        branch('shop.State', plain(fc.constant('PAID'))),
      ),
      next: fc.oneof({ maxDepth: 3 }, NULL, branch('shop.Every', tie('every'))),
    })
    .map((fields) => ({
      value: mapValues(fields, ({ value }) => value),
      wrapped: mapValues(fields, ({ wrapped }) => wrapped),
    })),
}));

function mapValues(record: Readonly<Record<string, Written>>, to: (item: Written) => unknown): unknown {
  return Object.fromEntries(Object.entries(record).map(([name, item]) => [name, to(item)]));
}

const writer = avro.Type.forSchema(SCHEMA, { wrapUnions: true, typeHook: useLong });
const format = avroFormat(JSON.stringify(SCHEMA), false);
const withHeader = avroFormat(JSON.stringify(SCHEMA), true);

describe('a record in Avro', () => {
  it('comes back with every bit, whatever its values, unions and keys are', () => {
    fc.assert(
      fc.property(every, ({ value, wrapped }) => {
        const written = writer.toBuffer(wrapped);
        expect(format.decode(written)).toStrictEqual(value);
        expect(withHeader.decode(Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), written]))).toStrictEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused when bytes are missing at its end, or are left over', () => {
    fc.assert(
      fc.property(every, fc.nat(), ({ wrapped }, at) => {
        const written = writer.toBuffer(wrapped);
        expect(() => format.decode(written.subarray(0, at % written.length))).toThrow();
        expect(() => format.decode(Buffer.concat([written, Buffer.from([0])]))).toThrow();
      }),
      { numRuns: 300 },
    );
  });
});

describe('bytes of Avro that a lenient reader takes for another value', () => {
  const decode = (schema: avro.Schema, hex: string): unknown =>
    avroFormat(JSON.stringify(schema), false).decode(Buffer.from(hex, 'hex'));
  const MAP = { type: 'map', values: 'int' } as const;
  const NULLS = { type: 'array', items: 'null' } as const;
  /** 10,000 of them. */
  const LIST = 'a09c0100';
  const CHAIN = { type: 'record', name: 'Chain', fields: [{ name: 'next', type: ['null', 'Chain'] }] } as avro.Schema;

  it.each<[string, avro.Schema, string]>([
    ['a text that is not UTF-8', 'string', '04c328'],
    ['half of a surrogate pair', 'string', '06eda080'],
    ['a key that a map has twice', MAP, '0402610202610400'],
    ['a boolean that is neither', 'boolean', '02'],
    ['an int beyond 32 bits', 'int', '8080808010'],
    ['a long beyond 64 bits', 'long', 'ffffffffffffffffff02'],
    ['a number without end', 'long', 'ffffffffffffffffffffffff01'],
    ['a number of more than ten bytes', 'long', 'ffffffffffffffffff8100'],
    ['a negative length', 'bytes', '01'],
    ['a symbol that an enum lacks', { type: 'enum', name: 'E', symbols: ['A'] }, '02'],
    ['a branch that a union lacks', ['null', 'int'], '0402'],
    ['more items without bytes than a message has', NULLS, 'feffffffffffffffff0100'],
    ['more of them in several lists', { type: 'array', items: NULLS }, `04${LIST}${LIST}00`],
    ['a record in a thousand others', CHAIN, `${'02'.repeat(1000)}00`],
  ])('%s is refused', (_what, schema, hex) => {
    expect(() => decode(schema, hex)).toThrow();
  });

  it('has as many items without bytes as one list may have, and a record in fifty others', () => {
    expect(decode(NULLS, LIST)).toHaveLength(10_000);
    expect(decode(CHAIN, `${'02'.repeat(50)}00`)).toHaveProperty('next.next.next');
  });

  it('has a text that begins with a byte order mark as it is', () => {
    expect(decode('string', '08efbbbf61')).toBe('\ufeffa');
  });

  it('has the items of several blocks, also of blocks with their length', () => {
    expect(decode({ type: 'array', items: 'long' }, '02020304040600')).toEqual([1n, 2n, 3n]);
  });
});
