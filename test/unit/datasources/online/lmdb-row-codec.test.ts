import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowReader, type AnySlot, type Slot } from '../../../../datasources/online/lmdb/row-codec.js';
import { encodeRow } from '../../../../datasources/online/lmdb/row-encoder.js';
import type { RawValue } from '../../../../values/value-type.js';
import { VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';

const version = { timestamp: 5n, createdTimestamp: null, sequence: null };
/** The next row has the same memory. */
const encode = (slots: ReadonlyMap<number, AnySlot>): Buffer => Buffer.from(encodeRow(slots));

const values: RawValue[] = Object.values(VALUES_OF_EVERY_TYPE).flat();

const slot: fc.Arbitrary<Slot> = fc.record({
  version: fc.record({
    timestamp: fc.option(fc.bigInt({ min: -100n, max: 100n })),
    createdTimestamp: fc.option(fc.bigInt({ min: -1n, max: 1n })),
    sequence: fc.option(fc.constantFrom(0n, 2n ** 63n - 1n)),
  }),
  value: fc.option(fc.constantFrom(...values)),
});

describe('a stored row', () => {
  it('gives back every slot with its version', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 65_535 }), slot), { maxLength: 50 }), (entries) => {
        const slots = new Map(entries);
        const reader = new RowReader(encode(slots));
        // A merge copies stored slots as bytes: the row that it makes is the same.
        expect(new RowReader(encode(reader.slots())).bytes).toEqual(reader.bytes);
        expect(new Set(reader.slots().keys())).toEqual(new Set(slots.keys()));
        for (const [number, { value, version: written }] of slots) {
          const position = reader.find(number);
          expect(reader.value(position)).toEqual(value);
          expect(reader.version(position)).toEqual(written);
        }
        expect(reader.find(70_000)).toBe(-1);
      }),
    );
  });

  it('of 200 features is read at 10 of them without touching the other values', () => {
    const wide = encode(
      new Map(Array.from({ length: 200 }, (_, number) => [number, { version, value: `value ${number}` }])),
    );
    const wanted = new Set([3, 17, 42, 64, 99, 100, 123, 150, 180, 199]);
    const reader = new RowReader(wide);
    // Every value that is not wanted is made unreadable: decoding it would throw.
    for (let number = 0; number < 200; number += 1) {
      const start = wide.indexOf(`value ${number}`) - 1;
      if (!wanted.has(number)) wide[start] = 255;
    }
    expect([...wanted].map((number) => reader.value(reader.find(number)))).toEqual(
      [...wanted].map((number) => `value ${number}`),
    );
    expect(() => reader.value(reader.find(4))).toThrow(/unknown tag 255/);
  });

  it('of another format is refused, not misread', () => {
    expect(() => new RowReader(Buffer.from([9, 0, 0, 0, 0]))).toThrow(/unknown format 9/);
  });
});
