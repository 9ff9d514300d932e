import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toJson } from '../../../../batch-prediction/models/http/instance-json.js';
import { parseAnswer } from '../../../../batch-prediction/models/http/parse-answer.js';
import { fromJson } from '../../../../batch-prediction/models/http/prediction-json.js';
import type { ValueType } from '../../../../values/value-type.js';
import { testModel } from '../../../support/test-model.js';

/** What is read of the text of a prediction whose one output has a type; the sentence of a failure. */
function read(valueType: ValueType, text: string, name = 'p'): unknown {
  const model = testModel({ http: { url: 'http://models.example/' }, outputs: [{ name: 'p', valueType }] });
  const outcome = fromJson(model, parseAnswer(text));
  return outcome.kind === 'prediction' ? outcome.prediction[name] : outcome.message;
}

describe('a prediction of a server', () => {
  it.each<[ValueType, string, unknown]>([
    ['DOUBLE', '[0.5]', 0.5],
    ['DOUBLE', '[[[0.5]]]', 0.5],
    ['DOUBLE', '{"p": [0.5]}', 0.5],
    ['DOUBLE', '[{"p": 0.5}]', 0.5],
    ['INT64', '[7]', 7n],
    ['STRING', '["yes"]', 'yes'],
    ['BOOL', '[[true]]', true],
    ['TIMESTAMP', '["2001-09-09T01:46:40Z"]', 1_000_000_000_000_000n],
    ['BYTES', '[{"b64": "AQI="}]', new Uint8Array([1, 2])],
    ['DOUBLE_ARRAY', '[0.5]', [0.5]],
    ['DOUBLE_ARRAY', '[[0.1, 0.9]]', [0.1, 0.9]],
    ['DOUBLE_ARRAY', '[[0.1], [0.9]]', [0.1, 0.9]],
    ['INT64_ARRAY', '[[[1, 2]]]', [1n, 2n]],
    ['DOUBLE', '[null]', null],
  ])('of %s can be in lists of one: %s', (valueType, text, value) => {
    expect(read(valueType, text)).toEqual(value);
  });

  it.each<[ValueType, string, unknown]>([
    ['DOUBLE', '0.1234567890123456789', 0.12345678901234568],
    ['DOUBLE', '0.10000000000000000555', 0.1],
    ['DOUBLE_ARRAY', '[0.1234567890123456789, NaN]', [0.12345678901234568, NaN]],
    ['STRUCT', '{"p": {"a": [0.1234567890123456789, 0.10000000000000000555]}}', { a: ['0.1234567890123456789', 0.1] }],
    ['STRUCT', '{"p": {"a": 12345678901234567890.5}, "q": NaN}', { a: '12345678901234567890.5' }],
  ])('of %s has its nearest double, or in a STRUCT every digit: %s', (valueType, text, value) => {
    expect(read(valueType, text)).toEqual(value);
  });

  it('has every digit in a field that the model does not declare', () => {
    expect(read('DOUBLE', '{"p": 1, "q": 0.1234567890123456789}', 'q')).toBe('0.1234567890123456789');
  });

  it.each(['[9007199254740991.4]', '[9007199254740991.4, NaN]'])(
    'is no INT64 that only a reader rounds: %s',
    (text) => {
      expect(read('INT64_ARRAY', text)).toMatch(/no INT64_ARRAY/);
    },
  );

  it('that is a list for a single value says what to declare', () => {
    expect(read('DOUBLE', '[0.1, 0.9]')).toBe(
      'The prediction has a "p" that is a list of 2, and no DOUBLE; if it is to be a list, declare it DOUBLE_ARRAY.',
    );
    expect(read('DOUBLE', '[]')).toMatch(/a list of 0, and no DOUBLE/);
    expect(read('DOUBLE_ARRAY', '[[0.1, 0.9], [0.2, 0.8]]')).toBe(
      'The prediction has a "p" that is a list of 2, and no DOUBLE_ARRAY.',
    );
  });

  it.each<[ValueType, string, unknown]>([
    ['DOUBLE', 'NaN', NaN],
    ['DOUBLE', '{"p": Infinity}', Infinity],
    ['DOUBLE', '[-Infinity]', -Infinity],
    ['DOUBLE', '"NaN"', NaN],
    ['DOUBLE_ARRAY', '[1, NaN, -Infinity]', [1, NaN, -Infinity]],
    ['STRING', '{"p": "NaN and \\"Infinity\\"", "q": NaN}', 'NaN and "Infinity"'],
  ])('of %s may have the words that Python writes for what is no number: %s', (valueType, text, value) => {
    expect(read(valueType, text)).toEqual(value);
  });

  it.each<[ValueType, string]>([
    ['INT64', 'NaN'],
    ['STRING', 'NaN'],
    ['BOOL', 'Infinity'],
    ['TIMESTAMP', 'NaN'],
    ['STRUCT', '{"p": {"a": [NaN]}}'],
    ['INT64_ARRAY', '[1, NaN]'],
    ['DOUBLE', '1e400'],
    ['DOUBLE', '{"p": true}'],
    ['TIMESTAMP', '1000000000000000000'],
    ['STRING', '12345678901234567890'],
    ['INT64', '12345678901234567890'],
    ['INT64', '1.5'],
  ])('of %s is none when it is %s', (valueType, text) => {
    expect(read(valueType, text)).toMatch(/^The prediction has a "p" that is /);
  });

  it('keeps every digit of an integer, and what else the server said', () => {
    expect(read('INT64', '9007199254740993')).toBe(9007199254740993n);
    expect(read('INT64', '{"p": 9007199254740993, "q": NaN}')).toBe(9007199254740993n);
    expect(read('DOUBLE', '9007199254740993')).toBe(9007199254740992);
    expect(read('STRUCT', '{"p": {"id": 9007199254740993}}')).toEqual({ id: '9007199254740993' });
    expect(read('DOUBLE', '{"p": 1, "more": [NaN, {"id": 9007199254740993}]}', 'more')).toEqual([
      'NaN',
      { id: '9007199254740993' },
    ]);
  });

  it('is JSON otherwise: what is cut off or no JSON stays an error', () => {
    for (const text of ['NaN,', '{"p": NaN', '"NaN', 'nan', '+Infinity', 'NaN NaN', '{NaN: 1}', '<html>']) {
      expect(() => parseAnswer(text), text).toThrow(SyntaxError);
    }
  });

  it('of any JSON is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const exact = (_: string, value: unknown) =>
          typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value) ? null : value;
        expect(
          JSON.stringify(parseAnswer(text), (key, value: unknown) =>
            typeof value === 'bigint' ? null : exact(key, value),
          ),
        ).toEqual(JSON.stringify(JSON.parse(text, exact)));
      }),
    );
  });
});

describe('an instance for a server that takes lists', () => {
  const model = testModel({
    http: { url: 'http://models.example/', instances: 'ARRAY' },
    inputs: [
      { name: 'b', valueType: 'INT64' },
      { name: 'a', valueType: 'DOUBLE', nullable: true },
      { name: 'tags', valueType: 'STRING_ARRAY' },
    ],
  });

  it('is the inputs in the order of the registry, and no other column', () => {
    const instance = { a: 1.5, b: 2n, tags: ['x'], other: 'y' };
    expect(toJson(model, instance, [2n, 1.5, ['x']])).toEqual([2, 1.5, ['x']]);
    expect(toJson(model, instance, [2n ** 60n, null, []])).toEqual(['1152921504606846976', null, []]);
  });
});
