import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { hasJsonString } from '../../../runtime/has-json-string.js';

const among = (...strings: string[]) => new Set(strings.map((text) => JSON.stringify(text)));

it('finds each string of a line, whatever its characters, and no part of one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }),
      fc.string({ unit: 'binary' }),
      (all, other) => {
        const line = JSON.stringify({ all });
        for (const text of all) expect(hasJsonString(line, among('no', text))).toBe(true);
        expect(hasJsonString(line, among(other))).toBe(['all', ...all].includes(other));
      },
    ),
  );
  expect(hasJsonString('{"value":"say \\"a\\""}', among('a'))).toBe(false);
  expect(hasJsonString('{"id":"a', among('a'))).toBe(false);
});

it('looks at a line once, however many strings there are', () => {
  const has = vi.fn(() => false);
  expect(hasJsonString('{"a":["b","c"],"d":1}', { has })).toBe(false);
  expect(has.mock.calls).toEqual([['"a"'], ['"b"'], ['"c"'], ['"d"']]);
});
