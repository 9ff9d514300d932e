import { GraphQLScalarType } from 'graphql';

/** Output only. values/client-value.ts makes the JSON value. */
export const FeatureScalar = new GraphQLScalarType({
  name: 'FeatureScalar',
  description:
    'The value of a feature. Its ValueType decides the JSON: BOOL is a boolean. DOUBLE is a number; NaN and ' +
    'the infinities are the strings "NaN", "Infinity" and "-Infinity". INT64 is a string of decimal digits. ' +
    'STRING is a string. BYTES is base64. TIMESTAMP is RFC 3339 in UTC. STRUCT is an object. An array type is ' +
    'a list of these.',
  serialize: (value) => value,
});
