import { GraphQLScalarType, Kind } from 'graphql';
import { badInput } from '../../errors/app-error.js';
import { formatInstant, parseInstant, type Instant } from '../../values/instant.js';

/** The internal value is an Instant: a bigint of microseconds, never a Date. */
export const DateTime = new GraphQLScalarType<Instant, string>({
  name: 'DateTime',
  description:
    'A point in time as RFC 3339 text. Input: with a time zone offset, such as "2001-03-07T14:00:00Z" or ' +
    '"2001-03-07T15:00:00+01:00". The gateway refuses text without an offset, digits finer than a microsecond ' +
    'and dates that do not exist. Output: in UTC, with up to six fractional digits.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => formatInstant(value as Instant),
  parseValue: (value) => parse(value),
  parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : undefined),
});

function parse(value: unknown): Instant {
  if (typeof value !== 'string') throw badInput('A DateTime is a string such as "2001-03-07T14:00:00Z".');
  return parseInstant(value);
}
