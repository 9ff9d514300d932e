import { toErrorMessage } from '../../../errors/error-message.js';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../errors/operator-error.js';
import { isCsvFile } from '../../files/file-format.js';
import type { FeatureSource, TableFile } from '../../registry/model.js';
import { quoteIdentifier, quoteText } from '../../duckdb/sql-text.js';
import { checkCsvTimes } from './csv-times.js';
import { describeCsvColumns, readCsv } from '../../duckdb/read-csv.js';

/** Makes the featurestore's tables readable by their names, with the types that the registry says and ids as they are written. */
export async function defineTables(connection: DuckDBConnection, source: FeatureSource): Promise<void> {
  const idTexts = await textIdColumns(connection, source);
  for (const [name, table] of source.entityType.featurestore.tables) {
    await reading(name, async () => {
      const relation = await tableRelationSql(connection, table, idTexts);
      await connection.run(`CREATE OR REPLACE TEMP VIEW ${quoteIdentifier(name)} AS SELECT * FROM ${relation}`);
    });
  }
}

async function reading<Result>(table: string, read: () => Promise<Result>): Promise<Result> {
  return read().catch((cause: unknown) => {
    throw new OperatorError(`The table "${table}" cannot be read:`, [toErrorMessage(cause)], { cause });
  });
}

export async function checkTimesOfTables(connection: DuckDBConnection, source: FeatureSource): Promise<void> {
  for (const [name, { path }] of tablesRead(source)) await checkCsvTimes(connection, name, path);
}

/** Only the tables that the SQL names: a fault in another one is no reason not to compute this. */
function tablesRead(source: FeatureSource): [string, TableFile][] {
  // By its text: DuckDB's own list of the tables of a query leaves views out.
  const text = (source.sql ?? '').toLowerCase();
  return [...source.entityType.featurestore.tables].filter(([name]) => text.includes(name.toLowerCase()));
}

/**
 * The id columns, in small letters, that CSV files have under their own names and that must be read as text. What looks like
 * integers is guessed to be some, and the id 05 would be another entity, 5, in silence. A column of plain integers stays one,
 * so that the SQL can join it with integers. In one file of several: in all, or they could not be joined.
 */
async function textIdColumns(connection: DuckDBConnection, source: FeatureSource): Promise<ReadonlySet<string>> {
  const ids = new Set(source.entityType.entityIdColumns.map((column) => column.toLowerCase()));
  const texts = new Set<string>();
  for (const [table, { path, columnTypes }] of tablesRead(source)) {
    if (!isCsvFile(path)) continue;
    await reading(table, async () => {
      for (const [column, type] of await describeCsvColumns(connection, quoteText(path))) {
        const name = column.toLowerCase();
        if (!ids.has(name) || columnTypes.has(column) || type === 'VARCHAR') continue;
        if (await isRewritten(connection, path, column, type)) texts.add(name);
      }
    });
  }
  return texts;
}

/** Whether a value of the column would be written otherwise than it is in the file. */
async function isRewritten(connection: DuckDBConnection, path: string, column: string, type: string): Promise<boolean> {
  const text = quoteIdentifier(column);
  // Blanks around a number are how people line up columns, and no part of it.
  const { rowCount } = await connection.run(
    `SELECT 1 FROM ${await readCsv(connection, path, new Map([[column, 'VARCHAR']]))}
     WHERE CAST(TRY_CAST(${text} AS ${type}) AS VARCHAR) IS DISTINCT FROM trim(${text}) LIMIT 1`,
  );
  return rowCount > 0;
}

async function tableRelationSql(
  connection: DuckDBConnection,
  { path, columnTypes }: TableFile,
  idTexts: ReadonlySet<string>,
): Promise<string> {
  if (!isCsvFile(path) || (columnTypes.size === 0 && idTexts.size === 0)) return quoteText(path);
  const types = new Map(columnTypes);
  for (const column of (await describeCsvColumns(connection, quoteText(path))).keys()) {
    if (idTexts.has(column.toLowerCase()) && !types.has(column)) types.set(column, 'VARCHAR');
  }
  return types.size === 0 ? quoteText(path) : readCsv(connection, path, types);
}
