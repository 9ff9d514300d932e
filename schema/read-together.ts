import type { GraphQLField } from 'graphql';

/**
 * How the fields of one object are read with one call, in place of a call and a promise for each. A field keeps its
 * resolver, which gives the same value: an executor that does not know this works as well.
 */
export interface ReadTogether {
  /** The fields of an object with the same function are read by one call of it. */
  readonly read: (source: unknown, items: readonly unknown[], context: unknown) => Promise<readonly unknown[]>;
  /** What this field asks for. */
  readonly item: unknown;
  /** The value of the field, from what was read for its item. Throws as the resolver would reject. */
  readonly toValue: (read: unknown) => unknown;
}

/** The extension of a field that has it. */
export function readTogetherExtension(together: ReadTogether): { readonly readTogether: ReadTogether } {
  return { readTogether: together };
}

export function readTogetherOf({ extensions }: GraphQLField<unknown, unknown>): ReadTogether | undefined {
  return extensions.readTogether as ReadTogether | undefined;
}
