/** The tables of a warehouse that jobs write, each once: a table that is there is never changed. */
export interface OutputTables {
  /**
   * The whole address of a table that a client named: by its name, or by its whole address in the dataset for outputs.
   * Throws BAD_USER_INPUT with `field` for any other name: a client must not use the rights of the gateway elsewhere.
   */
  address(name: string, field: string): string;

  /** undefined: there is no such table. */
  find(address: string): Promise<OutputTable | undefined>;

  /**
   * Makes a table of a Parquet file, with its columns and all its rows, or nothing. Resolves with false where there is a
   * table already. A repetition of the call finds the load that it began, and makes no second table.
   *
   * The file has to stay until the promise settles. After the signal aborts, the load may still end.
   */
  load(path: string, address: string, load: TableLoad, signal: AbortSignal): Promise<boolean>;

  /**
   * Waits for a load that an earlier process began, under the same owner and checksum. Resolves with false if there is
   * none, or if it failed.
   */
  resume(load: TableLoad, signal: AbortSignal): Promise<boolean>;
}

export interface OutputTable {
  /** The job that made it; null for a table of another program. */
  readonly owner: string | null;
  /** The first characters of the SHA-256 of the file that it was made of; null for a table of another program. */
  readonly checksum: string | null;
}

export interface TableLoad {
  /** The id of the job that makes the table. */
  readonly owner: string;
  /** `sha256:` and the digits of the file. */
  readonly checksum: string;
}
