/** What an incremental import continues from. It is stored beside the rows, in the same transaction. */
export interface IncrementState {
  /** IncrementalInputs.base. */
  readonly base: string;
  readonly files: readonly ImportedFile[];
  /** The newest time in the watermark column of all files, in microseconds; null where the source is computed file by file. */
  readonly watermark: string | null;
  /** The rows that were added since the table was last sorted. */
  readonly unsortedRows: number;
}

export interface ImportedFile {
  readonly name: string;
  readonly fingerprint: string;
  /** null where the source is computed file by file. */
  readonly content: FileContent | null;
}

/** The rows of a file that have a time, as far as a later look can tell whether they are still the same. */
export interface FileContent {
  readonly rows: string;
  /** The sum of the hashes of the rows: it does not depend on their order. */
  readonly checksum: string;
  /** The columns with their types, as one text. */
  readonly columns: string;
}

export const NO_ROWS = { rows: '0', checksum: '0' };

export function parseState(text: string | null): IncrementState | null {
  return text === null ? null : (JSON.parse(text) as IncrementState);
}
