import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readInt64, textSize, writeText } from '../../../runtime/write-bytes.js';

it('writes and reads the bytes of Buffer', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), text, (integer, written) => {
      const expected = Buffer.alloc(400);
      const bytes = Buffer.alloc(400);
      const end = 3 + expected.write(written, 3);
      expect(writeText(written, bytes, 3)).toBe(end);
      expect(bytes.equals(expected)).toBe(true);
      expect(textSize(written)).toBe(Buffer.byteLength(written));
      bytes.writeBigInt64LE(integer, 5);
      expect(readInt64(bytes, 5)).toBe(integer);
    }),
  );
});
