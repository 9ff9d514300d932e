import type { ReadTable } from '../../files/read-text-files.js';
import type { TableFile } from '../../registry/model.js';

/** A table that is read from text, and what the registry declares about it. */
export interface TextTable {
  readonly name: string;
  readonly file: TableFile;
  readonly table: ReadTable;
}
