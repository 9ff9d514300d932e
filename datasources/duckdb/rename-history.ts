import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureSource } from '../registry/model.js';
import { historyTable, historyTableName } from './history-table.js';
import { quoteIdentifier } from './sql-text.js';

/**
 * Gives the table of a source, its record and its columns the names of the registry, where they have the names that the
 * registry says they had. A name that has values already is not replaced. Runs inside the caller's transaction.
 */
export async function renameHistory(connection: DuckDBConnection, source: FeatureSource): Promise<void> {
  const featurestore = source.entityType.featurestore.name;
  const name = historyTableName(source);
  if (!(await hasRows(connection, featurestore, name))) {
    for (const before of namesBefore(source)) {
      if (!(await exists(connection, featurestore, before))) continue;
      const schema = quoteIdentifier(featurestore);
      await connection.run(`DROP TABLE IF EXISTS ${historyTable(source)}`);
      await connection.run(`ALTER TABLE ${schema}.${quoteIdentifier(before)} RENAME TO ${quoteIdentifier(name)}`);
      await connection.run(`UPDATE "$featuregraph".imports SET history_table = $1 WHERE history_table = $2`, [
        historyTable(source),
        `${schema}.${quoteIdentifier(before)}`,
      ]);
      break;
    }
  }
  const columns = await listColumns(connection, featurestore, name);
  for (const { name: feature, renamedFrom } of source.features) {
    if (renamedFrom === null || columns.has(feature) || !columns.has(renamedFrom)) continue;
    const [from, to] = [quoteIdentifier(renamedFrom), quoteIdentifier(feature)];
    await connection.run(`ALTER TABLE ${historyTable(source)} RENAME COLUMN ${from} TO ${to}`);
  }
}

/** The names that the table may have had: the entity type, the source or both have another name now. */
function namesBefore({ entityType, name, renamedFrom }: FeatureSource): string[] {
  const entityTypes = [entityType.name, ...(entityType.renamedFrom === null ? [] : [entityType.renamedFrom])];
  const sources = [name, ...(renamedFrom === null ? [] : [renamedFrom])];
  return entityTypes.flatMap((ofType) => sources.map((ofSource) => `${ofType}.${ofSource}`)).slice(1);
}

async function exists(connection: DuckDBConnection, schema: string, table: string): Promise<boolean> {
  return (await listColumns(connection, schema, table)).size > 0;
}

async function hasRows(connection: DuckDBConnection, schema: string, table: string): Promise<boolean> {
  if (!(await exists(connection, schema, table))) return false;
  const { rowCount } = await connection.run(
    `SELECT 1 FROM ${quoteIdentifier(schema)}.${quoteIdentifier(table)} LIMIT 1`,
  );
  return rowCount > 0;
}

async function listColumns(connection: DuckDBConnection, schema: string, table: string): Promise<Set<string>> {
  const found = await connection.runAndReadAll(
    `SELECT column_name FROM duckdb_columns()
     WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2`,
    [schema, table],
  );
  return new Set(found.getRows().map(([column]) => String(column)));
}
