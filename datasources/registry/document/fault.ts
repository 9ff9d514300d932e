/** What is wrong with a registry file, and where. */
export interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}
