import type { GraphQLField } from 'graphql';
import type { JsonBytes } from '../values/json-bytes.js';

/** A field that a query selects of an object, without arguments or fields of its own. */
export interface SelectedField {
  /** Its name in the answer. */
  readonly name: string;
  /** Its name in the schema. */
  readonly field: string;
}

type Arguments = Readonly<Record<string, unknown>>;

/** The answer that the JSON is written for. */
export interface TextRun {
  /** Counts a text against the limit of the answer, and gives it. */
  readonly written: (text: string) => string;
  /**
   * Counts what `write` writes, and gives what stands for it in the text of the answer. `write` may stop when its writer is full: the
   * answer is not sent then.
   */
  readonly json: (write: (to: JsonBytes) => void) => string;
  /** The limit is reached: what is written is not sent any more. */
  readonly isTooLarge: boolean;
}

/** Writes the value of the object with this index as JSON. Throws as the resolver of the field would reject. */
export type WriteOfObject = (index: number, to: JsonBytes) => void;

/** Writes the value of a field as JSON. */
export interface WriteText {
  /** Of one object. It counts what it writes. Rejects as the resolver of the field would. */
  readonly one: (source: unknown, args: Arguments, context: unknown, run: TextRun) => Promise<string>;
  /** Of the objects of a list: what they need is read at once. Absent: each object is written by itself. */
  readonly all?: (sources: readonly unknown[], args: Arguments, context: unknown) => Promise<WriteOfObject>;
}

/**
 * Makes the functions that write an object, or a list of objects, with these fields. undefined: it cannot. The resolver of the field gives
 * the same objects, so an executor that does not know this works as well.
 */
export type CompileText = (selected: readonly SelectedField[]) => WriteText | undefined;

export function writeTextExtension(compileText: CompileText): { readonly compileText: CompileText } {
  return { compileText };
}

export function compileTextOf({ extensions }: GraphQLField<unknown, unknown>): CompileText | undefined {
  return extensions.compileText as CompileText | undefined;
}
