import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseClientValue } from '../../../../values/parse-client-value.js';
import { parseRowJson } from '../../../../ingestion/rows/parse-json.js';

it.each([
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '{"values":{"basket":1, "basket" : 1}}',
  '[{"b":{}},{"a":[{"c":1,"c":1}]}]',
  '{"a\\\\":"\\"x\\":","a\\\\":1}',
])('refuses a key that an object has twice: %s', (text) => {
  expect(() => parseRowJson(text, true)).toThrow('An object has the same key twice. Write each key once.');
});

it('takes every other JSON, however it is written', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (text, space) => {
      const value: unknown = JSON.parse(text);
      const written = JSON.stringify(value, null, space);
      expect(JSON.stringify(parseRowJson(written, true), toNumber)).toBe(JSON.stringify(value));
    }),
  );
});

it('takes the same key in two objects, and quotes and colons in text', () => {
  const text = '{"a":{"k":"\\":\\\\"},"b":[{"k":"x\\"k\\":"},{"k":":"}]}';
  expect(parseRowJson(text, true)).toEqual(JSON.parse(text));
});

function toNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

it('gives a STRUCT every digit of its fractions, and a DOUBLE the nearest', () => {
  const parsed = parseRowJson('{"s":{"a":0.1234567890123456789},"d":0.1234567890123456789}', true) as {
    readonly s: unknown;
    readonly d: unknown;
  };
  expect(parseClientValue('STRUCT', parsed.s)).toEqual({ a: '0.1234567890123456789' });
  expect(parseClientValue('DOUBLE', parsed.d)).toBe(0.12345678901234568);
  expect(parseClientValue('STRUCT', parsed.d)).toBeUndefined();
  expect(parseClientValue('INT64', parsed.d)).toBeUndefined();
});
