import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';

/** Arguments that many fields share, as options of `@Arg`. */

/** The page size of a connection. */
export function firstArgument(defaultValue: number = REQUEST_LIMITS.defaultPageSize) {
  return {
    nullable: true,
    defaultValue,
    description: `The maximum number of items in the page, from 0 to ${REQUEST_LIMITS.maxPageSize}.`,
  };
}

/** The beginning of the description of each list of entity ids. */
export const ENTITY_IDS = `The entity ids, at most ${formatLimit(REQUEST_LIMITS.maxEntityIds)}.`;

export const AFTER_ARGUMENT = {
  nullable: true,
  description: 'A cursor of this list: the page begins after its item. Null: the page begins with the first item.',
};
