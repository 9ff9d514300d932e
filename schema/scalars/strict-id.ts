import { GraphQLID } from 'graphql';
import { badInput } from '../../errors/app-error.js';

const parseId = GraphQLID.parseValue.bind(GraphQLID);

/**
 * Makes the built-in ID reject numbers that lost digits in transit (9007199254740993.0) or that have two spellings
 * (1e21): the text of such a number would name another entity. A schema cannot define its own ID, so this changes the
 * ID of graphql-js.
 */
export function refuseRoundedIds(): void {
  GraphQLID.parseValue = (value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw badInput('Send this id as a string: as a number it is not exact.');
    }
    return parseId(value);
  };
}
