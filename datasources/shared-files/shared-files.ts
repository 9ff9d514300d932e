/** The files that several gateways share. Each write is one step: no reader ever finds half of a file. */
export interface SharedFiles {
  /**
   * The address of a file that a client named: by its path in the shared folder, or by its whole address there. Throws
   * BAD_USER_INPUT with `field` for a name outside the folder: a client must not use the rights of the gateway elsewhere.
   */
  address(name: string, field: string): string;

  /** undefined: there is no such file. */
  find(address: string): Promise<SharedFile | undefined>;

  /**
   * Writes a local file under an address. Returns what was written; undefined if the address has not the version that
   * `write` replaces: another process wrote it, or this call repeated itself after an answer was lost.
   */
  write(path: string, address: string, write: SharedWrite): Promise<SharedFile | undefined>;

  /** Copies a version of a file to a local path. */
  read(address: string, version: string, path: string, signal: AbortSignal): Promise<void>;

  /** The addresses of the files below a folder, at most `limit`, in the order of their names. */
  list(folder: string, limit: number): Promise<readonly ListedFile[]>;

  /**
   * Copies a file to another address, with its owner and checksum, if that has the version that the copy replaces (null:
   * there is none). Returns undefined if it has not, or if the file is not there.
   */
  copy(from: string, to: string, replaces: string | null): Promise<SharedFile | undefined>;

  /** Removes a version of a file. It stays if it is another version by now. */
  remove(address: string, version: string): Promise<void>;
}

export interface SharedFile {
  /** Each write of a name has another one. */
  readonly version: string;
  readonly bytes: bigint;
  /** The job that wrote it; null for a file of another program. */
  readonly owner: string | null;
  /** The SHA-256 of the file that a job wrote; null for a file of another program. */
  readonly checksum: string | null;
}

export interface ListedFile {
  readonly address: string;
  readonly version: string;
}

export interface SharedWrite {
  readonly owner: string;
  readonly checksum: string;
  /** The version that this write replaces; null: there is no file of the name. */
  readonly replaces: string | null;
}
