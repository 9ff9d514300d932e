import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toDescendingKey } from '../../../datasources/google/bigtable/descending-key.js';

it('descending ids sort against the ids, also where one begins another', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      const order = Buffer.compare(Buffer.from(one), Buffer.from(other));
      expect(Math.sign(Buffer.compare(Buffer.from(toDescendingKey(one)), Buffer.from(toDescendingKey(other))))).toBe(
        -order + 0,
      );
    }),
  );
});
