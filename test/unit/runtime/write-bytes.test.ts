import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textSize, writeDouble, writeInt64, writeText } from '../../../runtime/write-bytes.js';

it('writes the bytes of Buffer', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double(),
      text,
      (integer, double, written) => {
        const expected = Buffer.alloc(400);
        const bytes = Buffer.alloc(400);
        let end = expected.writeDoubleLE(double, expected.writeBigInt64LE(integer, 3));
        end += expected.write(written, end);
        expect(writeText(written, bytes, writeDouble(double, bytes, writeInt64(integer, bytes, 3)))).toBe(end);
        expect(bytes.equals(expected)).toBe(true);
        expect(textSize(written)).toBe(Buffer.byteLength(written));
      },
    ),
  );
});

it('refuses an integer that 64 bits do not hold', () => {
  const bytes = Buffer.alloc(8);
  expect(() => writeInt64(2n ** 63n, bytes, 0)).toThrow(RangeError);
  expect(() => writeInt64(-(2n ** 63n) - 1n, bytes, 0)).toThrow(RangeError);
});
