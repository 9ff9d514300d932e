import type { GraphQLField } from 'graphql';
import type { JsonBytes } from '../values/json-bytes.js';

/**
 * How fields of objects are read and written with one call, in place of a call and a promise for each. A field keeps its
 * resolver, which gives the same value: an executor that does not know this works as well.
 */
export interface ReadTogether {
  /** The fields with the same function are read by one call of it. If it rejects, each of them has the error. */
  readonly readTexts: (sources: readonly unknown[], items: readonly unknown[], context: unknown) => Promise<ReadTexts>;
  /** What this field asks for. */
  readonly item: unknown;
}

/** What was read of the object with an index, for the item at a place. Both throw as the resolver would reject. */
export interface ReadTexts {
  /** As JSON. null: the value is null. */
  readonly text: (index: number, place: number) => string | null;
  /** Writes the JSON. Returns false, and writes nothing, if the value is null. */
  readonly write: (index: number, place: number, to: JsonBytes) => boolean;
}

/** The extension of a field that has it. */
export function readTogetherExtension(together: ReadTogether): { readonly readTogether: ReadTogether } {
  return { readTogether: together };
}

export function readTogetherOf({ extensions }: GraphQLField<unknown, unknown>): ReadTogether | undefined {
  return extensions.readTogether as ReadTogether | undefined;
}
