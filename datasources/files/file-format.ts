import { badInput } from '../../errors/app-error.js';

/** The formats of tables in files. JSONL has one JSON object per line. */
export const FILE_FORMATS = ['PARQUET', 'CSV', 'JSONL'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** The compressions of text files. Parquet files declare theirs. */
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

/** Detects the format by the extension of a file's name; undefined for an unknown extension. */
export function findFormat(file: string): FileFormat | undefined {
  return FORMATS[ENDING.exec(file)?.groups?.format?.toLowerCase() ?? ''];
}

/** Detects the format by the extension of a file's name. `field` is the argument that could have given the format. */
export function formatOfFile(file: string, field: string): FileFormat {
  const format = findFormat(file);
  if (!format) throw badInput(`The ending of "${file}" does not say its format. Give "format".`, field);
  return format;
}

/** Detects the compression by the extension of a file's name. */
export function compressionOfFile(file: string): Compression {
  const ending = (/\.(gz|gzip|zst|zstd)$/i.exec(file)?.[1] ?? '').toLowerCase();
  if (ending === '') return 'NONE';
  return ending.startsWith('gz') ? 'GZIP' : 'ZSTD';
}

/** The default delimiter of a CSV file, by the extension of its name. */
export function delimiterOfFile(file: string): string {
  return /\.(tsv|tab)(\.\w+)?$/i.test(file) ? '\t' : ',';
}
