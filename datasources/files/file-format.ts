import { extname } from 'node:path';
import { badInput } from '../../errors/app-error.js';

/** What tables in files look like. JSONL is one JSON object a line. */
export const FILE_FORMATS = ['PARQUET', 'CSV', 'JSONL'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

const FORMAT_OF_ENDING: Readonly<Record<string, FileFormat>> = {
  '.parquet': 'PARQUET',
  '.csv': 'CSV',
  '.jsonl': 'JSONL',
  '.ndjson': 'JSONL',
};

/** What the ending of a file's name says. `field` is the argument that could have said it instead. */
export function formatOfFile(file: string, field: string): FileFormat {
  const format = FORMAT_OF_ENDING[extname(file).toLowerCase()];
  if (!format) throw badInput(`The ending of "${file}" does not say its format. Give "format".`, field);
  return format;
}

/** Whether DuckDB takes a file for CSV by its name. */
export function isCsvFile(path: string): boolean {
  return /\.(csv|tsv)(\.(gz|zst))?$/i.test(path);
}
