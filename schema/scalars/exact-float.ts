import { GraphQLFloat } from 'graphql';
import { LongFraction } from '../../values/lossless-json.js';
import { withMinusZero } from '../../values/minus-zero.js';

const parseFloat = GraphQLFloat.parseValue.bind(GraphQLFloat);
const serializeFloat = GraphQLFloat.serialize.bind(GraphQLFloat);

/**
 * Makes the built-in Float read a number with more digits than a double holds as the nearest double: the gateway keeps
 * the digits of such a number until its type is known (server/request-json.ts). And makes it write the sign of minus
 * zero, which JSON.stringify drops. A schema cannot define its own Float, so this changes the Float of graphql-js.
 */
export function keepFloats(): void {
  GraphQLFloat.parseValue = (value) => parseFloat(value instanceof LongFraction ? value.value : value);
  GraphQLFloat.serialize = (value) => withMinusZero(serializeFloat(value)) as number;
}
