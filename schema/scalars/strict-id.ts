import { GraphQLID } from 'graphql';
import { badInput } from '../../errors/app-error.js';

const parseId = GraphQLID.parseValue.bind(GraphQLID);

/**
 * Makes the built-in ID refuse numbers that lost digits on their way (9007199254740993.0), or that have two spellings (1e21):
 * written as text, such a number names another entity. A schema cannot have an ID of its own, so this changes graphql-js's.
 */
export function refuseRoundedIds(): void {
  GraphQLID.parseValue = (value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw badInput('Send this id as a string: as a number it is not exact.');
    }
    return parseId(value);
  };
}
