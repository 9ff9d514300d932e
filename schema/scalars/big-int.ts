import { GraphQLScalarType, Kind } from 'graphql';
import { badInput } from '../../errors/app-error.js';

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

export const BigIntScalar = new GraphQLScalarType<bigint, string>({
  name: 'BigInt',
  description:
    'Signed 64-bit integer. Input: an integer or a string of its digits; beyond 2^53 the string, or digits were lost ' +
    'before we saw them. Output: a string, so no client loses digits.',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw badInput(`${value} has lost digits or is no integer. Send integers beyond 2^53 as strings.`);
    }
    return parse(typeof value === 'number' || typeof value === 'string' ? String(value) : '');
  },
  parseLiteral: (node) => parse(node.kind === Kind.INT || node.kind === Kind.STRING ? node.value : ''),
});

function parse(digits: string): bigint {
  if (!/^-?\d{1,19}$/.test(digits)) throw badInput('A BigInt is an integer of 64 bits, or a string of its digits.');
  const value = BigInt(digits);
  if (value < LEAST || value > MOST) throw badInput(`${digits} does not fit in 64 bits.`);
  return value;
}
