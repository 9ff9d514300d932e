import type { DuckDBConnection } from '@duckdb/node-api';
import { toErrorMessage } from '../../../errors/error-message.js';
import { OperatorError } from '../../../errors/operator-error.js';
import type { ValueType } from '../../../values/value-type.js';
import type { SourceColumn } from '../../duckdb/column-types.js';
import { entityIdSql } from '../../duckdb/entity-id-sql.js';
import type { FileReader, ReadFolder } from '../../files/file-reader.js';
import type { FeatureSource } from '../../registry/model.js';
import { listReadTables } from '../../registry/read-tables.js';
import { convertColumn, describe, idColumnSql, placeOfFault } from './source-columns.js';
import { checkWatermark } from './incremental/check-watermark.js';
import { defineTables, type OnlyFiles } from './source-tables.js';
import { explainText, findNaiveColumns } from './text-columns.js';
import type { TextTable } from './text-table.js';

/** The SQL of a source over its tables. The types of its columns are known and valid, and nothing is computed yet. */
export interface BoundSource {
  readonly sql: string;
  /** The columns by name, as DuckDB describes them. */
  readonly columns: ReadonlyMap<string, SourceColumn>;
  /** The columns of the history table, with the expression over a row (`source`) for each. */
  readonly target: readonly TargetColumn[];
  /** Where the registry declares a watermark: whether each row comes from one row of the declared table alone. */
  readonly isRowWise: boolean;
}

export interface TargetColumn {
  readonly name: string;
  readonly expression: string;
}

/**
 * Makes the tables of a source readable and compares the columns of its SQL with the registry. Reports all mismatches
 * at once. The data that is read from text is in `folder` until the SQL has run.
 */
export async function bindSource(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  folder: ReadFolder,
  only: OnlyFiles | null = null,
): Promise<BoundSource> {
  const { incremental } = source;
  if (incremental && !listReadTables(source).some(([name]) => name === incremental.table)) {
    throw new OperatorError(
      `The SQL of ${describe(source)} does not read the table "${incremental.table}", which "incremental" names.`,
    );
  }
  const texts = await defineTables(connection, source, reader, folder, only);
  await definePartition(connection, source, 0);
  const sql = await checkedSql(connection, source);
  const columns = await describeColumns(connection, sql, source, texts);
  let isRowWise = false;
  if (incremental?.watermarkColumn != null) {
    requireTypes(source, texts);
    const { watermarkColumn } = incremental;
    ({ isRowWise } = await checkWatermark(connection, { source, sql, columns, watermarkColumn }));
  }
  return { sql, columns, target: await targetColumns(connection, source, columns, texts), isRowWise };
}

/** The type of a column that all values decide could become another one with the next row: rows before it would change. */
function requireTypes(source: FeatureSource, texts: readonly TextTable[]): void {
  const text = texts.find(({ name }) => name === source.incremental!.table);
  const undeclared = text?.table.columns.filter(({ isDeclared }) => !isDeclared).map(({ name }) => name) ?? [];
  if (undeclared.length === 0) return;
  throw new OperatorError(
    `The table "${text!.name}" grows, and its files do not say the types of its columns. Say them in the registry, as in ` +
      `columns: { ${undeclared[0]}: VARCHAR }. They are missing for: ${undeclared.join(', ')}.`,
  );
}

/** The share of the entities that `in_partition(column)` selects: by hash, so that shares have similar sizes. */
export async function definePartition(
  connection: DuckDBConnection,
  source: FeatureSource,
  partition: number,
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO in_partition(id) AS hash(id) % ${source.partitions} = ${partition}`,
  );
}

/** One SELECT only: a second statement in the file would run, or be dropped, without notice. Its lines are those of the file. */
async function checkedSql(connection: DuckDBConnection, source: FeatureSource): Promise<string> {
  const sql = (source.sql ?? '').trimEnd().replace(/;$/, '');
  const statements = await connection.extractStatements(sql).catch((cause: unknown) => {
    const message = toErrorMessage(cause);
    throw new OperatorError(
      `The SQL of ${describe(source)}${placeOfFault(source, message)} cannot be read:`,
      [message],
      {
        cause,
      },
    );
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
  return `${sql}\n`;
}

async function describeColumns(
  connection: DuckDBConnection,
  sql: string,
  source: FeatureSource,
  texts: readonly TextTable[],
): Promise<Map<string, SourceColumn>> {
  // No line break precedes the SQL, so that the line number in DuckDB's errors is that of the file.
  const described = await connection
    .runAndReadAll(`DESCRIBE SELECT * FROM (${sql}) AS source`)
    .catch(async (cause: unknown) => {
      const message = toErrorMessage(cause);
      // The SQL alone was one statement, so a semicolon ends it and more text follows.
      const remedy = message.includes(`syntax error at or near ";"`)
        ? ['Take out the ";" and all that follows it']
        : [];
      const faults = [message, ...remedy, ...(await findNaiveColumns(connection, texts))];
      throw new OperatorError(`The SQL of ${describe(source)}${placeOfFault(source, message)} does not run:`, faults, {
        cause,
      });
    });
  const columns = described
    .getRowObjects()
    .map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
  return new Map(columns.map((column) => [column.name, column]));
}

async function targetColumns(
  connection: DuckDBConnection,
  source: FeatureSource,
  columns: ReadonlyMap<string, SourceColumn>,
  texts: readonly TextTable[],
): Promise<TargetColumn[]> {
  const target: TargetColumn[] = [];
  const faults: OperatorError[] = [];
  const attempt = async (work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      faults.push(error);
    }
  };
  const explain = (column: string, type: string): Promise<string | undefined> =>
    explainText(connection, texts, column, type);
  const ids: string[] = [];
  for (const column of source.entityType.entityIdColumns) {
    await attempt(() => void ids.push(idColumnSql(source, columns, column)));
  }
  for (const { name, column, valueType } of convertedColumns(source)) {
    await attempt(async () => {
      target.push({ name, expression: await convertColumn(source, columns, column, valueType, explain) });
    });
  }
  const [fault] = faults;
  if (!fault) return [{ name: 'entity_id', expression: entityIdSql(ids) }, ...target];
  if (faults.length === 1) throw fault;
  throw new OperatorError(
    `The SQL of ${describe(source)} has ${faults.length} columns that do not fit:`,
    faults.flatMap(({ summary, faults: details }) => [summary, ...details]),
  );
}

interface ConvertedColumn {
  readonly name: string;
  readonly column: string;
  readonly valueType: ValueType;
}

/** The columns of the SQL that get a declared type: the times, the sequence and the features. */
export function convertedColumns(source: FeatureSource): ConvertedColumn[] {
  const { timestampColumn, createdTimestampColumn, sequenceColumn, features } = source;
  const known = (name: string, column: string | null, valueType: ValueType): ConvertedColumn[] =>
    column === null ? [] : [{ name, column, valueType }];
  return [
    ...known('event_timestamp', timestampColumn, 'TIMESTAMP'),
    ...known('created_timestamp', createdTimestampColumn, 'TIMESTAMP'),
    ...known('sequence', sequenceColumn, 'INT64'),
    ...features.map(({ name, valueType }) => ({ name, column: name, valueType })),
  ];
}
