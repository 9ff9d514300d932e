import type { FeatureSource, TableFile } from './model.js';

/**
 * The tables of the featurestore whose names are words of a source's SQL, also in comments and texts: a list that has
 * one table too many is harmless. DuckDB's own list of the tables of a query omits views and `query_table('name')`.
 */
export function listReadTables({ sql, entityType }: FeatureSource): [name: string, table: TableFile][] {
  if (sql === null) return [];
  const words = new Set(sql.toLowerCase().match(/[a-z0-9_]+/g));
  return [...entityType.featurestore.tables].filter(([name]) => words.has(name.toLowerCase()));
}
