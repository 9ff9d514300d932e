import type { BatchSource } from './batch-source.js';
import { openColumns } from './column-source.js';
import { readInstances, type SqlSource } from './read-instances.js';

/** A relation of DuckDB as an input, by instances and by columns. */
export function toBatchSource(source: SqlSource): BatchSource {
  return {
    columns: source.columns.map(({ column }) => column),
    rows: source.rows,
    read: (connection, options) => readInstances(connection, source, options),
    openColumns: (connection) => openColumns(connection, source),
  };
}
