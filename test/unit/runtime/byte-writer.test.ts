import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../runtime/byte-writer.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: 'binary', maxLength: 60 });

describe('a writer of bytes', () => {
  it('gives and forgets what was written from a position on', () => {
    const writer = new ByteWriter().begin();
    writer.text('kept ');
    const start = writer.length;
    writer.text('Zürich 🏙');
    expect(writer.textFrom(start)).toBe('Zürich 🏙');
    const target = Buffer.alloc(6);
    expect(writer.copyTo(target, 2, start)).toBe(4);
    expect(target.toString('utf8', 2)).toBe('Zür');
    writer.truncate(start);
    writer.text('again');
    expect(writer.written().toString()).toBe('kept again');
  });

  it('is full above its limit, and gives the limit before it', () => {
    const writer = new ByteWriter().begin();
    expect(writer.limit(3)).toBe(Infinity);
    writer.text('abc');
    expect(writer.isFull).toBe(false);
    writer.uint8(0);
    expect(writer.isFull).toBe(true);
    expect(writer.limit(Infinity)).toBe(3);
    expect(writer.isFull).toBe(false);
  });

  it('writes the bytes of Buffer, also when it is used again', () => {
    const writer = new ByteWriter();
    fc.assert(
      fc.property(
        fc.record({ integer: int64, double: fc.double(), written: text, raw: fc.uint8Array(), small: fc.nat(0xffff) }),
        ({ integer, double, written, raw, small }) => {
          const expected = Buffer.alloc(1_000);
          let end = expected.writeUInt8(small & 0xff, 0);
          end = expected.writeUInt16LE(small, end);
          end = expected.writeUInt32LE(small * 7, end);
          end = expected.writeBigInt64LE(integer, end);
          end = expected.writeDoubleLE(double, end);
          end += expected.write(written, end);
          end += Buffer.from(raw).copy(expected, end);
          end += Buffer.from(raw.subarray(1)).copy(expected, end);
          writer.begin();
          writer.uint8(small & 0xff);
          writer.uint16(small);
          const place = writer.skip(4);
          writer.int64(integer);
          writer.double(double);
          writer.text(written);
          writer.bytes(raw);
          writer.bytes(raw, Math.min(1, raw.length));
          writer.setUint32(place, small * 7);
          expect(writer.length).toBe(end);
          expect(writer.written().equals(expected.subarray(0, end))).toBe(true);
        },
      ),
    );
  });

  it('keeps what it has when its memory grows', () => {
    const writer = new ByteWriter();
    const long = 'é'.repeat(3_000_000);
    writer.begin().text('first');
    writer.text(long);
    writer.int64(-5n);
    expect(writer.written().toString('utf8', 0, 5)).toBe('first');
    expect(writer.written().readBigInt64LE(writer.length - 8)).toBe(-5n);
    expect(writer.length).toBe(5 + 6_000_000 + 8);
    writer.begin().text('again');
    expect(writer.written().toString()).toBe('again');
  });

  it('refuses an integer that 64 bits do not hold', () => {
    const writer = new ByteWriter();
    expect(() => writer.int64(2n ** 63n)).toThrow(RangeError);
    expect(() => writer.int64(-(2n ** 63n) - 1n)).toThrow(RangeError);
  });
});
