import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromExactJson, toExactJson } from '../../../values/exact-json.js';

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

it('a value comes back from its text as it was', () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(fromExactJson(toExactJson(value))).toEqual(value);
      expect(fromExactJson(toExactJson({ nested: [value] }))).toEqual({ nested: [value] });
    }),
    { numRuns: 500 },
  );
});

it('what JSON would change is refused, and named', () => {
  for (const value of [new Date(0), new Map([[1, 2]]), () => 1, Symbol('x'), [undefined], { deep: [new Set()] }]) {
    expect(() => toExactJson({ spec: value })).toThrow(/^the value\.spec.* is .* which JSON cannot hold$/);
  }
});
