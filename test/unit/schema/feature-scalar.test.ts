import { parseValue } from 'graphql';
import { expect, it } from 'vitest';
import { FeatureScalar } from '../../../schema/scalars/feature-scalar.js';
import { parseClientValue } from '../../../values/parse-client-value.js';
import type { ValueType } from '../../../values/value-type.js';

it.each<[ValueType, string, unknown]>([
  ['INT64', '9007199254740993', 9007199254740993n],
  ['INT64', '9007199254740991.4', undefined],
  ['INT64', '1e3', 1000n],
  ['DOUBLE', '9007199254740991.4', undefined],
  ['DOUBLE', '0.1234567890123456789', 0.12345678901234568],
  ['DOUBLE_ARRAY', '[0.10000000000000000555]', [0.1]],
  [
    'STRUCT',
    '{a: 0.1234567890123456789, b: [9007199254740991.4]}',
    { a: '0.1234567890123456789', b: ['9007199254740991.4'] },
  ],
])('a literal of %s has its value, or none: %s', (valueType, literal, value) => {
  expect(parseClientValue(valueType, FeatureScalar.parseLiteral(parseValue(literal), {}))).toEqual(value);
});
