/** A fault in a registry file, with its location. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}
