import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { FileOptions } from '../datasources/files/file-options.js';
import type { ReadTable } from '../datasources/files/read-text-files.js';

export interface LabelColumn {
  readonly name: string;
  /** As DuckDB writes it. */
  readonly type: string;
}

/** The labels as DuckDB reads them: what stands behind FROM, and its columns. */
export interface LabelRelation {
  readonly sql: string;
  readonly parameters: readonly DuckDBValue[];
  readonly parameterTypes: readonly DuckDBType[];
  readonly columns: readonly LabelColumn[];
  /** What is said of the files that it is read from. */
  readonly options?: FileOptions;
  /** What was read from text: it has the line of each label. */
  readonly rows?: ReadTable;
}
