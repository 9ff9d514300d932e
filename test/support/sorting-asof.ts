import { DuckDbDatabase } from '../../datasources/duckdb/database.js';

/** For up to 64 labels DuckDB joins ASOF by a loop. What a test shows of few labels must hold of the join for millions. */
export async function openSortingAsof(): Promise<DuckDbDatabase> {
  const database = await DuckDbDatabase.open(':memory:');
  await database.use((connection) => connection.run('SET GLOBAL asof_loop_join_threshold = 0'));
  return database;
}
