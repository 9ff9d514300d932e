/** The requests of the gateway to a process that reads files, and its responses. All values are JSON. */

/** Types of compression of text files. */
export type Compression = 'NONE' | 'GZIP' | 'ZSTD';

/** A text file, and its name in the user's notation. */
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
  /** An unquoted field with this text is null, as an empty one is. */
  readonly nullText: string | null;
}

export interface ScanRequest {
  readonly kind: 'scan';
  readonly files: readonly TextFile[];
  readonly dialect: CsvDialect | { readonly kind: 'JSONL' };
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding: string;
  /**
   * The file for the rows, as CSV without a header, with the delimiter of the file or a comma: file, line, fault, then
   * one cell per column. null: the rows are only counted.
   */
  readonly target: string | null;
  /**
   * Invalid lines become rows with a fault; otherwise the first one ends the scan. A CSV line with too many fields
   * always ends it.
   */
  readonly keepsBadLines: boolean;
  /** A CSV line with too few fields is filled with nulls; otherwise it ends the scan. */
  readonly padsShortLines: boolean;
  /** The scan stops after this number of rows. null: it reads all rows. */
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
  /** The number of rows with a fault. */
  readonly badRows: number;
  /** The size of the longest written row in bytes. */
  readonly longestRow: number;
  /** The fault of the first line that is not an object, in a file of JSON lines without any object; null otherwise. */
  readonly onlyFault: LineFault | null;
}

/** A fault at a place in a file. */
export interface LineFault {
  /** The name of the file. */
  readonly file: string;
  /** Counted from 1; null: the whole file. */
  readonly line: number | null;
  /** A sentence that begins in lower case. */
  readonly problem: string;
}

export interface QueryRequest {
  readonly kind: 'query';
  readonly sql: string;
}

/** The values are JSON: integers of 64 bits and more are strings. */
export type QueryResult = readonly Readonly<Record<string, unknown>>[];

export interface NanosecondsRequest {
  readonly kind: 'nanoseconds';
  readonly path: string;
  /** Columns whose times the SQL engine would truncate to microseconds. */
  readonly columns: readonly string[];
}

/** The first time that is finer than a microsecond. */
export interface NanosecondsResult {
  readonly finer: { readonly column: string; readonly row: number; readonly value: string } | null;
}

/** The scope and limits of the next requests. Data of the previous read is discarded. */
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
  /** All other errors, in the words of the SQL engine or of Node. Only the log may contain them. */
  | { readonly id: number; readonly error: string };

export interface WorkerSettings {
  /** The only folder in which it may write. */
  readonly folder: string;
  /** Other files and folders that it may read. */
  readonly readable: readonly string[];
  readonly sqlMemoryBytes: number;
  readonly threads: number;
}
