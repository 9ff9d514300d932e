import { toErrorMessage } from '../../../errors/error-message.js';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../errors/operator-error.js';
import { MAX_ENTITY_ID_BYTES } from '../../../values/entity-id.js';
import { toElementType, type ValueType } from '../../../values/value-type.js';
import type { FeatureSource } from '../../registry/model.js';
import { joinSql } from '../point-in-time/sql-text.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { entityIdSql } from '../../duckdb/entity-id-sql.js';
import type { ImportedRows } from '../importing-offline-store.js';
import { historyTable, replaceHistoryTable, requireIdAndTime } from '../../duckdb/history-table.js';
import type { FileReader } from '../../files/file-reader.js';
import { convertColumn, describe, idColumnSql, VALUE_FAULT } from './source-columns.js';
import type { SourceColumn } from '../../duckdb/column-types.js';
import { defineTables } from './source-tables.js';
import type { TextTable } from './text-table.js';
import { explainText, findNaiveColumns } from './text-columns.js';

/**
 * The index of a row in the result of the SQL. No registry name contains `$`, so the name never collides with a column
 * that we use.
 */
const ARRIVAL = '"$arrival"';

/**
 * Replaces the table of a source by the result of its SQL and reports the result. Runs inside the caller's transaction.
 * Rows are stored by entity and time, so that a read of one entity touches few row groups. Rows of one entity and time
 * stay in the order of the SQL's result: the place in the table is the arrival order, and a sort without that order
 * would make it random.
 */
export async function importSource(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  onProgress: (share: number) => void,
): Promise<ImportedRows> {
  // This folder holds the data that is read from text until the SQL has run.
  await using folder = await reader.createFolder();
  const texts = await defineTables(connection, source, reader, folder);
  await definePartition(connection, source, 0);
  const sql = await checkedSql(connection, source);
  const columns = await describeColumns(connection, sql, source, texts);
  const convert = (column: string, valueType: ValueType): Promise<string> =>
    convertColumn(source, columns, column, valueType, (name, type) => explainText(connection, texts, name, type));
  const { timestampColumn, createdTimestampColumn, sequenceColumn } = source;
  const idColumns = source.entityType.entityIdColumns.map((column) => idColumnSql(source, columns, column));
  const target = [{ name: 'entity_id', expression: entityIdSql(idColumns) }];
  const convertInto = async (name: string, column: string | null, valueType: ValueType): Promise<void> => {
    if (column !== null) target.push({ name, expression: await convert(column, valueType) });
  };
  await convertInto('event_timestamp', timestampColumn, 'TIMESTAMP');
  await convertInto('created_timestamp', createdTimestampColumn, 'TIMESTAMP');
  await convertInto('sequence', sequenceColumn, 'INT64');
  for (const { name, valueType } of source.features) await convertInto(name, name, valueType);
  await replaceHistoryTable(connection, source);
  const insert = `INSERT INTO ${historyTable(source)} (${target.map(({ name }) => quoteIdentifier(name)).join(', ')})
SELECT ${target.map(({ name, expression }) => `${expression} AS ${quoteIdentifier(name)}`).join(', ')}
FROM (SELECT *, row_number() OVER () AS ${ARRIVAL} FROM (${sql}) AS computed) AS source
ORDER BY ${joinSql(['entity_id', source.timestampColumn !== null && 'event_timestamp', ARRIVAL], ', ')}`;
  for (let partition = 0; partition < source.partitions; partition += 1) {
    onProgress(partition / source.partitions);
    await definePartition(connection, source, partition);
    await connection.run(insert).catch((cause: unknown) => {
      throw new OperatorError(`${describe(source)} could not be computed:`, [toFault(cause)], { cause });
    });
  }
  const keptOut = await requireIdAndTime(connection, source);
  return { rows: await checkRows(connection, source), rejected: keptOut, hasTies: await hasTies(connection, source) };
}

/** The message of the engine, or the message that our own SQL raised through the engine. */
function toFault(cause: unknown): string {
  const message = toErrorMessage(cause);
  const own = message.indexOf(VALUE_FAULT);
  return own < 0 ? message : message.slice(own + VALUE_FAULT.length);
}

/** The share of the entities that `in_partition(column)` selects: by hash, so that shares have similar sizes. */
async function definePartition(connection: DuckDBConnection, source: FeatureSource, partition: number): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO in_partition(id) AS hash(id) % ${source.partitions} = ${partition}`,
  );
}

/** One SELECT only: a second statement in the file would run, or be dropped, without notice. */
async function checkedSql(connection: DuckDBConnection, source: FeatureSource): Promise<string> {
  const sql = (source.sql ?? '').trim().replace(/;\s*$/, '');
  const statements = await connection.extractStatements(sql).catch((cause: unknown) => {
    throw new OperatorError(`The SQL of ${describe(source)} cannot be read:`, [toErrorMessage(cause)], { cause });
  });
  if (statements.count !== 1) {
    throw new OperatorError(`The SQL of ${describe(source)} must be one SELECT, not ${statements.count} statements.`);
  }
  if (source.partitions > 1 && !/\bin_partition\s*\(/i.test(sql)) {
    throw new OperatorError(
      `The SQL of ${describe(source)} is to run in ${source.partitions} partitions, but does not filter by ` +
        'in_partition(id_column): every row would be stored as often.',
    );
  }
  return `\n${sql}\n`;
}

async function describeColumns(
  connection: DuckDBConnection,
  sql: string,
  source: FeatureSource,
  texts: readonly TextTable[],
): Promise<Map<string, SourceColumn>> {
  const described = await connection
    .runAndReadAll(`DESCRIBE SELECT * FROM (${sql}) AS source`)
    .catch(async (cause: unknown) => {
      const faults = [toErrorMessage(cause), ...(await findNaiveColumns(connection, texts))];
      throw new OperatorError(`The SQL of ${describe(source)} does not run:`, faults, { cause });
    });
  const columns = described
    .getRowObjects()
    .map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  return new Map(columns.map((column) => [column.name, column]));
}

/** Checks that types cannot express, in one pass over the columns concerned. */
async function checkRows(connection: DuckDBConnection, source: FeatureSource): Promise<bigint> {
  const arrays = source.features.filter(({ valueType }) => toElementType(valueType) !== undefined);
  const counts = joinSql(
    [
      'count(*) AS rows',
      `count(*) FILTER (WHERE strlen(entity_id) > ${MAX_ENTITY_ID_BYTES}) AS bad_ids`,
      ...arrays.map(
        ({ name }) =>
          `count(*) FILTER (WHERE len(${quoteIdentifier(name)}) <> list_count(${quoteIdentifier(name)})) AS ${quoteIdentifier(name)}`,
      ),
    ],
    ', ',
  );
  const [row = {}] = (await connection.runAndReadAll(`SELECT ${counts} FROM ${historyTable(source)}`)).getRowObjects();
  const faults = [
    ...(row.bad_ids ? [`${String(row.bad_ids)} rows have an id of over ${MAX_ENTITY_ID_BYTES} bytes`] : []),
    ...arrays.flatMap(({ name }) =>
      row[name] ? [`${String(row[name])} rows have a null inside the array ${name}`] : [],
    ),
  ];
  if (faults.length > 0) throw new OperatorError(`${describe(source)} has rows that cannot be stored:`, faults);
  return BigInt(String(row.rows ?? 0));
}

async function hasTies(connection: DuckDBConnection, source: FeatureSource): Promise<boolean> {
  if (source.timestampColumn === null) return true;
  const { rowCount } = await connection.run(
    `SELECT 1 FROM ${historyTable(source)} GROUP BY entity_id, event_timestamp HAVING count(*) > 1 LIMIT 1`,
  );
  return rowCount > 0;
}
