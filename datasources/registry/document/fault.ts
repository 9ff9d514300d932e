/** What is wrong with a registry file, and where. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** A key of the object at the path: the fault is the key itself. */
  readonly key?: string;
}
