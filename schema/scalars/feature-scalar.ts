import { GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { badInput } from '../../errors/app-error.js';
import { LongFraction, readFraction } from '../../values/lossless-json.js';
import { withMinusZero } from '../../values/minus-zero.js';

/** values/client-value.ts makes the JSON value, values/parse-client-value.ts reads it by the type of the feature. */
export const FeatureScalar = new GraphQLScalarType({
  name: 'FeatureScalar',
  description:
    'The value of a feature. Its ValueType decides the JSON: BOOL is a boolean. DOUBLE is a number; NaN and ' +
    'the infinities are the strings "NaN", "Infinity" and "-Infinity". INT64 is a string of decimal digits. ' +
    'STRING is a string. BYTES is base64. TIMESTAMP is RFC 3339 in UTC. STRUCT is an object. An array type is ' +
    'a list of these. In an input, INT64 is also a whole number, and STRUCT has whole numbers beyond 2^53 as strings.',
  serialize: withMinusZero,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => parseLiteral(node, variables ?? {}),
});

/** Whole numbers become bigints, and fractions LongFractions, where a JavaScript number would round them. */
function parseLiteral(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  switch (node.kind) {
    case Kind.INT: {
      const number = Number(node.value);
      return Number.isSafeInteger(number) ? number : BigInt(node.value);
    }
    case Kind.FLOAT: {
      const number = readFraction(node.value);
      const double = number instanceof LongFraction ? number.value : number;
      if (!Number.isFinite(double)) throw badInput(`${node.value} is beyond the range of a double.`);
      return number;
    }
    case Kind.LIST:
      return node.values.map((value) => parseLiteral(value, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, parseLiteral(value, variables)]));
    case Kind.NULL:
      return null;
    case Kind.VARIABLE:
      return variables[node.name.value] ?? null;
    default:
      return node.value;
  }
}
