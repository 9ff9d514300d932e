import { badInput } from '../../errors/app-error.js';

/** What tables in files look like. JSONL is one JSON object a line. */
export const FILE_FORMATS = ['PARQUET', 'CSV', 'JSONL'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** How text files are compressed. Parquet files say so themselves. */
export const COMPRESSIONS = ['NONE', 'GZIP', 'ZSTD'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const ENDING = /\.(?<format>parquet|parq|csv|tsv|tab|jsonl|ndjson|json)(?:\.(?<compression>gz|gzip|zst|zstd))?$/i;

const FORMATS: Readonly<Record<string, FileFormat>> = {
  parquet: 'PARQUET',
  parq: 'PARQUET',
  csv: 'CSV',
  tsv: 'CSV',
  tab: 'CSV',
  jsonl: 'JSONL',
  ndjson: 'JSONL',
  json: 'JSONL',
};

/** What the ending of a file's name says; undefined when it says nothing. */
export function findFormat(file: string): FileFormat | undefined {
  return FORMATS[ENDING.exec(file)?.groups?.format?.toLowerCase() ?? ''];
}

/** What the ending of a file's name says. `field` is the argument that could have said it instead. */
export function formatOfFile(file: string, field: string): FileFormat {
  const format = findFormat(file);
  if (!format) throw badInput(`The ending of "${file}" does not say its format. Give "format".`, field);
  return format;
}

/** What the ending of a file's name says of its compression. */
export function compressionOfFile(file: string): Compression {
  const ending = (/\.(gz|gzip|zst|zstd)$/i.exec(file)?.[1] ?? '').toLowerCase();
  if (ending === '') return 'NONE';
  return ending.startsWith('gz') ? 'GZIP' : 'ZSTD';
}

/** What stands between the fields of a CSV file, by the ending of its name. */
export function delimiterOfFile(file: string): string {
  return /\.(tsv|tab)(\.\w+)?$/i.test(file) ? '\t' : ',';
}
