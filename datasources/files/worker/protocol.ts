/** What the gateway asks of a process that reads files, and what that answers. Everything in it is JSON. */

/** Types of compression of text files. */
export type Compression = 'NONE' | 'GZIP' | 'ZSTD';

/** A text file, and how users know it. */
export interface TextFile {
  readonly path: string;
  readonly name: string;
  readonly compression: Compression;
}

export interface CsvDialect {
  readonly kind: 'CSV';
  /** One ASCII character. */
  readonly delimiter: string;
  readonly header: boolean;
  /** An unquoted field of this text is null, as an empty one is. */
  readonly nullText: string | null;
}

export interface ScanRequest {
  readonly kind: 'scan';
  readonly files: readonly TextFile[];
  readonly dialect: CsvDialect | { readonly kind: 'JSONL' };
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding: string;
  /** Where the rows are written to, as CSV without a header, with the delimiter of the file or a comma: file, line, fault, then a cell a column. null: they are only counted. */
  readonly target: string | null;
  /** Bad lines become rows with a fault; otherwise the first one ends the scan. A line of CSV with too many fields always does. */
  readonly keepsBadLines: boolean;
  /** A line of CSV with too few fields ends in nulls; otherwise it ends the scan. */
  readonly padsShortLines: boolean;
  /** Stop after so many rows. null: read all. */
  readonly maxRows: number | null;
  readonly limits: ScanLimits;
}

export interface ScanLimits {
  readonly maxColumns: number;
  readonly maxJsonDepth: number;
  readonly maxRecordBytes: number;
  readonly maxExpansion: number;
  readonly minExpandedBytes: number;
}

export interface ScanResult {
  readonly columns: readonly string[];
  readonly rows: number;
  /** Rows that are lines at fault. */
  readonly badRows: number;
  /** Bytes of the longest row that was written. */
  readonly longestRow: number;
  /** Of the first line that is no object, in a file of JSON lines without one that is. */
  readonly onlyFault: LineFault | null;
}

/** A place in a file, and what is wrong there. */
export interface LineFault {
  /** The name of the file. */
  readonly file: string;
  /** From 1. null: the file as a whole. */
  readonly line: number | null;
  /** A sentence that begins in small letters. */
  readonly problem: string;
}

export interface QueryRequest {
  readonly kind: 'query';
  readonly sql: string;
}

/** Values are JSON: integers of 64 bits and more are texts. */
export type QueryResult = readonly Readonly<Record<string, unknown>>[];

export interface NanosecondsRequest {
  readonly kind: 'nanoseconds';
  readonly path: string;
  /** Columns whose times the SQL engine would cut to microseconds. */
  readonly columns: readonly string[];
}

/** The first time that is finer than a microsecond. */
export interface NanosecondsResult {
  readonly finer: { readonly column: string; readonly row: number; readonly value: string } | null;
}

/** What the next requests may read and use. What was read before is forgotten. */
export interface BeginRequest {
  readonly kind: 'begin';
  readonly settings: WorkerSettings;
}

export type WorkerRequest = BeginRequest | ScanRequest | QueryRequest | NanosecondsRequest;
export type WorkerResult = null | ScanResult | QueryResult | NanosecondsResult;

export type WorkerAnswer =
  | { readonly id: number; readonly result: WorkerResult }
  /** A fault of the file. */
  | { readonly id: number; readonly fault: LineFault }
  /** Anything else, in the words of the SQL engine or of Node: for the log alone. */
  | { readonly id: number; readonly error: string };

export interface WorkerSettings {
  /** Where it may write. */
  readonly folder: string;
  /** Other files and folders that it may read. */
  readonly readable: readonly string[];
  readonly sqlMemoryBytes: number;
  readonly threads: number;
}
