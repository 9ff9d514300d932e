import { GraphQLScalarType, Kind } from 'graphql';
import { badInput } from '../../errors/app-error.js';
import { formatInstant, parseInstant, type Instant } from '../../values/instant.js';

/** The value inside is an Instant: a bigint of microseconds, never a Date. */
export const DateTime = new GraphQLScalarType<Instant, string>({
  name: 'DateTime',
  description:
    'RFC 3339 instant, read with any zone, written in UTC with as many fractional digits as are known (microseconds ' +
    'at most). Refused: no zone, digits finer than a microsecond, dates that do not exist.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => formatInstant(value as Instant),
  parseValue: (value) => parse(value),
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
});

function parse(value: unknown): Instant {
  if (typeof value !== 'string') throw badInput('A DateTime is a string such as "2001-03-07T14:00:00Z".');
  return parseInstant(value);
}
