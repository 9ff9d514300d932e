import { GraphQLScalarType } from 'graphql';

/** Output only: resolvers give it what values/client-value.ts makes of a feature value. */
export const FeatureScalar = new GraphQLScalarType({
  name: 'FeatureScalar',
  description:
    "A feature's value in its own type: Boolean, Float, String, INT64 as a string, BYTES as base64, TIMESTAMP as RFC " +
    '3339 in UTC, or a list or object of them. NaN and the infinities, for which JSON has no number, are the strings ' +
    '"NaN", "Infinity" and "-Infinity".',
  serialize: (value) => value,
});
