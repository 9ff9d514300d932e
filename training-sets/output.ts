/** Where a training set is written. */
export type Output = OutputFile | OutputTable;

export interface OutputTable {
  readonly format: 'TABLE';
  /** In the client's notation. */
  readonly location: string;
  /** The name of a table in the schema of training sets. */
  readonly target: string;
  readonly partial: null;
}

export interface OutputFile {
  /** A table of BigQuery is a Parquet file before it is loaded. */
  readonly format: 'PARQUET' | 'CSV' | 'BIGQUERY';
  /** In the client's notation. */
  readonly location: string;
  /** The path of a file, the address of one that gateways share, or that of a table of BigQuery. */
  readonly target: string;
  /** The path of the file on this machine before its validation. */
  readonly partial: string;
}
