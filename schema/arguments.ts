/** Arguments that many fields share, as options of `@Arg`. */

/** The page size of a connection, when the client gives none. */
export function firstArgument(defaultValue: 20 | 100) {
  return { nullable: true, defaultValue, description: 'The maximum number of items in the page, from 0 to 100.' };
}

export const AFTER_ARGUMENT = {
  nullable: true,
  description: 'A cursor of this list: the page begins after its item. Null: the page begins with the first item.',
};
