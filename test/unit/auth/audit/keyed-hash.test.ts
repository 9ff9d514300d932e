import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyedHash } from '../../../../auth/audit/keyed-hash.js';

const keys = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.integer({ min: 5_000, max: 40_000 }).map((length) => 'é"'.repeat(length / 2)),
);

it('is the HMAC-SHA-256 of Node.js, for every text and key', () => {
  fc.assert(
    fc.property(keys, fc.array(texts, { maxLength: 4 }), (key, all) => {
      const keyed = new KeyedHash(key);
      for (const text of all) {
        const expected = createHmac('sha256', key).update(text).digest();
        expect(keyed.of(text)).toBe(expected.toString('base64url'));
        expect(keyed.prefixOf(text)).toBe(expected.toString('base64url', 0, 16));
      }
    }),
  );
});

it('refuses a key that is longer than a block', () => {
  expect(() => new KeyedHash(Buffer.alloc(65))).toThrow(RangeError);
});
