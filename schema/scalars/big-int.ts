import { GraphQLScalarType, Kind } from 'graphql';
import { badInput } from '../../errors/app-error.js';

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

export const BigIntScalar = new GraphQLScalarType<bigint, string>({
  name: 'BigInt',
  description:
    'A signed 64-bit integer. Input: a string of decimal digits, or an integer up to 2^53. The gateway refuses ' +
    'larger JSON numbers, because many clients round them. Output: a string of decimal digits.',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw badInput(`${value} is not an exact integer. Send integers beyond 2^53 as strings.`);
    }
    return parse(typeof value === 'number' || typeof value === 'string' ? String(value) : '');
  },
  parseLiteral: (node) => parse(node.kind === Kind.INT || node.kind === Kind.STRING ? node.value : ''),
});

function parse(digits: string): bigint {
  if (!/^-?\d{1,19}$/.test(digits))
    throw badInput('A BigInt is an integer, or a string of decimal digits such as "42".');
  const value = BigInt(digits);
  if (value < LEAST || value > MOST) throw badInput(`${digits} does not fit in 64 bits.`);
  return value;
}
