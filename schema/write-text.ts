import type { GraphQLField } from 'graphql';

/** A field that a query selects of an object, without arguments or fields of its own. */
export interface SelectedField {
  /** Its name in the answer. */
  readonly name: string;
  /** Its name in the schema. */
  readonly field: string;
}

/** Writes the value of a field as JSON. Rejects as the resolver of the field would. */
export type WriteText = (
  source: unknown,
  args: Readonly<Record<string, unknown>>,
  context: unknown,
) => Promise<string> | string;

/**
 * Makes the function that writes a list of objects with these fields. undefined: it cannot. The resolver of the field gives
 * the same objects, so an executor that does not know this works as well.
 */
export type CompileText = (selected: readonly SelectedField[]) => WriteText | undefined;

export function writeTextExtension(compileText: CompileText): { readonly compileText: CompileText } {
  return { compileText };
}

export function compileTextOf({ extensions }: GraphQLField<unknown, unknown>): CompileText | undefined {
  return extensions.compileText as CompileText | undefined;
}
