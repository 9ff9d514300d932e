import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../errors/operator-error.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { toDuckDbType } from '../../duckdb/value-mapping.js';
import { FileFault } from '../../files/file-fault.js';
import type { FileReader, ReadFolder } from '../../files/file-reader.js';
import { findNamedFiles } from '../../files/named-files.js';
import { readParquetFiles } from '../../files/read-parquet-files.js';
import { namedColumnsSql, readTextFiles, type ReadTable } from '../../files/read-text-files.js';
import type { FeatureSource, TableFile } from '../../registry/model.js';
import { listReadTables } from '../../registry/read-tables.js';
import { refuseFinerTimes } from './text-columns.js';
import type { TextTable } from './text-table.js';

/** Some files of one table: the SQL sees no others of it. */
export interface OnlyFiles {
  readonly table: string;
  readonly files: ReadonlySet<string>;
}

/**
 * Creates the tables that the SQL names, readable by their names. Their types are those of the registry or those that
 * all values have; ids stay as written. Returns the tables that were read from text. The data is in `folder`, which
 * must exist until the SQL has run.
 */
export async function defineTables(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  folder: ReadFolder,
  only: OnlyFiles | null = null,
): Promise<TextTable[]> {
  const ids = source.entityType.entityIdColumns;
  const tables = new Map<string, { relation: string; text: TextTable | null }>();
  const read = (name: string, file: TableFile, textColumns: readonly string[]) =>
    readTable({ source, name, file, textColumns, reader, folder, only: only?.table === name ? only.files : null });
  // Only the tables that the SQL names: a fault in another table must not stop this computation.
  for (const [name, file] of listReadTables(source)) tables.set(name, await read(name, file, []));
  // If one of several files has an id like 05, the column is text in all of them; otherwise they could not be joined.
  const texts = ids.filter((id) =>
    [...tables.values()].some(({ text }) => findIdColumn(text, id)?.type.match(/^(BIGINT|NULL)$/) === null),
  );
  for (const [name, { text }] of tables) {
    const others = texts.filter((id) => (findIdColumn(text, id)?.type ?? 'VARCHAR') !== 'VARCHAR');
    if (text && others.length > 0) tables.set(name, await read(name, text.file, others));
  }
  for (const [name, { relation, text }] of tables) {
    if (text) await refuseFinerTimes(connection, text);
    await connection.run(`CREATE OR REPLACE TEMP VIEW ${quoteIdentifier(name)} AS SELECT * FROM ${relation}`);
  }
  return [...tables.values()].flatMap(({ text }) => text ?? []);
}

/** A text column with the name of an id column, in any case, that the registry does not declare. */
function findIdColumn(text: TextTable | null, id: string): ReadTable['columns'][number] | undefined {
  return text?.table.columns.find(({ name, isDeclared }) => !isDeclared && name.toLowerCase() === id.toLowerCase());
}

/**
 * The type of a column without any value: the type of the feature or the time with that name, so that the engine does
 * not guess.
 */
function wantedType({ features, timestampColumn, createdTimestampColumn }: FeatureSource, column: string): string {
  const feature = features.find(({ name }) => name.toLowerCase() === column.toLowerCase());
  if (feature) return toDuckDbType(feature.valueType).toString();
  return column === timestampColumn || column === createdTimestampColumn ? 'TIMESTAMP' : 'VARCHAR';
}

interface TableRead {
  readonly source: FeatureSource;
  readonly name: string;
  readonly file: TableFile;
  /** Columns that are read as text, whatever they contain. */
  readonly textColumns: readonly string[];
  readonly reader: FileReader;
  readonly folder: ReadFolder;
  /** null: all files. */
  readonly only: ReadonlySet<string> | null;
}

async function readTable({
  source,
  name,
  file,
  textColumns,
  reader,
  folder,
  only,
}: TableRead): Promise<{ relation: string; text: TextTable | null }> {
  try {
    const found = await findNamedFiles(file.path, file.name, { format: file.format, within: null });
    if (!found) throw new FileFault(file.name, null, 'it is not there');
    const { format } = found;
    const files = only ? found.files.filter(({ name }) => only.has(name)) : found.files;
    if (only && files.length < only.size) throw new FileFault(file.name, null, 'one of its files was removed');
    const declared = new Map([
      ...(file.options.columns ?? []),
      ...textColumns.map((column) => [column, 'VARCHAR'] as const),
    ]);
    return await reader.use({ files, folder }, async (worker, path) => {
      if (format === 'PARQUET') {
        const { relation } = await readParquetFiles(worker, files, file.options, { declared, reads: 'SCHEMA' });
        return { relation, text: null };
      }
      const textFiles = { files, format, options: file.options };
      const options = { declared, others: 'BY_VALUE', folder: path, keepsBadRows: false } as const;
      const table = await readTextFiles(worker, textFiles, options);
      return { relation: namedColumnsSql(table, (column) => wantedType(source, column)), text: { name, file, table } };
    });
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    throw new OperatorError(`The table "${name}" cannot be read:`, [(cause as Error).message], { cause });
  }
}
