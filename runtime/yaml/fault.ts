/** A fault in a file that a person wrote, with its location. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** A key of the object at the path: the fault is the key itself. */
  readonly key?: string;
}
