import type { ByteWriter } from '../../runtime/byte-writer.js';
import type { ReadTexts, ReadTogether } from '../../schema/read-together.js';
import type { Path, PlanRun } from './plan-run.js';

/** The JSON of a value. null is a value that is null: its parent decides what that means. */
export type Written = string | null;

/** JSON that may be still to come. */
export type Pending = Written | Promise<Written>;

/** Writes a field, or the fields of an object. */
export type Write = (run: PlanRun, source: unknown, path: Path | undefined) => Pending;

export interface FieldPlan {
  /** Its name in the answer. */
  readonly name: string;
  readonly write: Write;
  /** Present when the field is read with others of its object. */
  readonly together?: {
    readonly how: ReadTogether;
    readonly read: FieldRead;
  };
  /** Present when a list of objects can read the field ahead. */
  readonly ahead?: {
    /** Fields of the same group are read by one call. */
    readonly group: object;
    /** Makes the read of the fields of a group. */
    readonly read: (fields: readonly FieldPlan[]) => ReadAhead;
  };
  /** It is a scalar or an enum. */
  readonly isLeaf: boolean;
}

/** What was read with others, and which of it a field writes. */
export interface ReadPlace {
  readonly texts: ReadTexts;
  readonly index: number;
  readonly place: number;
  readonly path: Path | undefined;
}

/** Writes a field that was read with others, as a text or as bytes. */
export interface FieldRead {
  readonly text: (run: PlanRun, from: ReadPlace) => Written;
  readonly writeTo: (run: PlanRun, from: ReadPlace, to: ByteWriter) => void;
}

/** The texts of a read that failed. */
export function failWith(error: unknown): ReadTexts {
  const fail = (): never => {
    throw error;
  };
  return { text: fail, write: fail };
}

/** Writes a field that was read ahead of the object with this index. */
export type WriteAhead = (index: number, path: Path, to: ByteWriter) => void;

/** Begins a read for all objects of a list. Gives a function for each of its fields. Never rejects: the error is thrown where a field is written. */
export type ReadAhead = (run: PlanRun, sources: readonly unknown[]) => Promise<readonly WriteAhead[]>;

/**
 * Waits for the texts at some indexes, or for the first that fails: then the others count no more. It takes exactly as many
 * steps as Promise.all in graphql-js, because which of two errors is the first decides what an answer reports.
 */
export function fill<Result>(texts: Pending[], open: readonly number[], end: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    let left = open.length;
    for (const index of open) {
      (texts[index] as Promise<Written>).then((written) => {
        texts[index] = written;
        left -= 1;
        if (left === 0) resolve(end());
      }, reject);
    }
  });
}

export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
