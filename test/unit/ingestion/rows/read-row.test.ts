import { expect, it } from 'vitest';
import { parseRowJson } from '../../../../ingestion/rows/parse-json.js';
import { readRow } from '../../../../ingestion/rows/read-row.js';
import type { RawValue } from '../../../../values/value-type.js';
import { smallRegistry } from '../../../support/small-registry.js';

const entityType = smallRegistry().entityType('lab', 'sample');

/** The value of a feature in a line of JSON. */
function readValue(feature: string, json: string): RawValue | null {
  const line = `{"entityId":"a","timestamp":"2001-03-07T14:00:00Z","values":{"${feature}":${json}}}`;
  const [[, value] = []] = [...readRow(entityType, parseRowJson(line, true)).values];
  return value ?? null;
}

it.each([
  ['timestamp', '1700000000', 'and 1700000000 is not one'],
  ['timestamp', '9007199254740993', 'and 9007199254740993 is not one'],
  ['timestamp', '"2024-01-01T00:00:00"', 'has no time zone'],
  ['timestamp', '"2024-01-01T00:00:00.1234567Z"', 'finer than a microsecond'],
  ['timestamp', '"2024-01-01T23:59:60Z"', 'has a second over 59'],
  ['bytes', '"YR=="', 'without bits after the last byte'],
  ['bytes', '"YWJ="', 'without bits after the last byte'],
  ['bytes', '"YQ"', 'base64 with its padding'],
  ['string', String.raw`"\ud800"`, 'half of a surrogate pair'],
  ['double', '9007199254740993', 'and 9007199254740993 is not one'],
  ['double', '2.4e-324', 'and 2.4e-324 is not one'],
  ['int64', '9223372036854775807.0', 'and 9223372036854775807.0 is not one'],
  ['double_array', '[1, null]', 'item 2 of the list is null'],
  ['struct', '{"a":1,"a":2}', 'the same key twice'],
])('a %s that is %s is refused, and the message says why', (feature, json, message) => {
  expect(() => readValue(feature, json)).toThrow(message);
});

it.each<[string, string, RawValue]>([
  ['timestamp', '"2024-01-01T00:00:00.1234560Z"', 1_704_067_200_123_456n],
  ['bytes', '"YQ=="', new Uint8Array([97])],
  ['bytes', '"YWI="', new Uint8Array([97, 98])],
  ['double', '-0', -0],
  ['double_array', '[-0.0, 0.1000000000000000055511151231257827]', [-0, 0.1]],
  [
    'struct',
    '{"__proto__":{"a":0.1234567890123456789}}',
    JSON.parse('{"__proto__":{"a":"0.1234567890123456789"}}') as RawValue,
  ],
])('a %s that is %s is kept exactly', (feature, json, expected) => {
  expect(readValue(feature, json)).toStrictEqual(expected);
});
