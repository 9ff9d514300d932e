import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeRecord, encodeRecord } from '../../../datasources/job-store/bigtable/record-codec.js';
import { descending } from '../../../datasources/job-store/bigtable/row-keys.js';
import { jobRecord } from '../../support/job-record.js';

const anything = fc.anything({
  withBigInt: true,
  key: fc.oneof(fc.string(), fc.constantFrom('$integer', '$number', '$bytes', '$$integer', '__proto__', 'constructor')),
  values: [
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\ud800', '\0'),
    fc.uint8Array(),
  ],
});

it('a job record comes back from its text as it was, whatever a handler put into it', () => {
  fc.assert(
    fc.property(anything, (spec) => {
      const record = jobRecord({ spec, result: { nested: [spec] } });
      expect(decodeRecord(encodeRecord(record))).toEqual(record);
    }),
    { numRuns: 500 },
  );
});

it('a job record with what JSON would change is refused', () => {
  for (const spec of [new Date(0), new Map([[1, 2]]), () => 1, Symbol('x'), [undefined], { deep: [new Set()] }]) {
    expect(() => encodeRecord(jobRecord({ spec }))).toThrow(/^record\.spec.* which its record cannot hold$/);
  }
});

it('descending ids sort against the ids, also where one begins another', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      const order = Buffer.compare(Buffer.from(one), Buffer.from(other));
      expect(Math.sign(Buffer.compare(Buffer.from(descending(one)), Buffer.from(descending(other))))).toBe(-order + 0);
    }),
  );
});
