import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { FileOptions } from '../datasources/files/file-options.js';
import type { ReadTable } from '../datasources/files/read-text-files.js';

export interface LabelColumn {
  readonly name: string;
  /** The type in DuckDB's notation. */
  readonly type: string;
}

/** The labels as DuckDB reads them: the FROM clause, and the columns. */
export interface LabelRelation {
  readonly sql: string;
  /** SQL of the number of labels with the same parameters, where it is faster than to count the rows. */
  readonly countSql?: string;
  readonly parameters: readonly DuckDBValue[];
  readonly parameterTypes: readonly DuckDBType[];
  readonly columns: readonly LabelColumn[];
  /** The options of the files that contain the labels. */
  readonly options?: FileOptions;
  /** Reads what the SQL needs from another store, once. Called before the SQL runs; absent: nothing. */
  readonly fetch?: () => Promise<void>;
  /** The rows that were read from text, with the line of each label. */
  readonly rows?: ReadTable;
}
