import type { DuckDBConnection } from '@duckdb/node-api';
import type { Instant } from '../../../../values/instant.js';
import { quoteIdentifier } from '../../../duckdb/sql-text.js';
import type { FileReader } from '../../../files/file-reader.js';
import type { FeatureSource } from '../../../registry/model.js';
import { bindSource } from '../bind-source.js';
import type { FileContent } from './increment-state.js';

/** The content of one file, as a declaration with a watermark looks at it. */
export interface ReadContent {
  readonly content: FileContent;
  /** Of the rows up to the watermark. */
  readonly upTo: Pick<FileContent, 'rows' | 'checksum'>;
  /** null: no row has a time. */
  readonly newest: Instant | null;
}

/** Reads one file of the declared table. */
export async function readContent(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  file: string,
  watermark: Instant | null,
): Promise<ReadContent> {
  await using folder = await reader.createFolder();
  await bindSource(connection, source, reader, folder, { table: source.incremental!.table, files: new Set([file]) });
  return await describeContent(connection, source, watermark);
}

/** The content of the declared table as the SQL sees it now. */
export async function describeContent(
  connection: DuckDBConnection,
  source: FeatureSource,
  watermark: Instant | null,
): Promise<ReadContent> {
  const { table, watermarkColumn } = source.incremental!;
  const name = quoteIdentifier(table);
  const time = `epoch_us(t.${quoteIdentifier(watermarkColumn!)})`;
  const upTo = `FILTER (WHERE ${time} <= ${watermark ?? 'NULL'})`;
  const all = `FILTER (WHERE ${time} IS NOT NULL)`;
  const sum = 'coalesce(sum(hash(t))';
  const rows = await connection.runAndReadAll(
    `SELECT CAST(count(*) ${all} AS VARCHAR), CAST(${sum} ${all}, 0) AS VARCHAR),
            CAST(count(*) ${upTo} AS VARCHAR), CAST(${sum} ${upTo}, 0) AS VARCHAR), max(${time})
     FROM ${name} AS t`,
  );
  const [count, checksum, countUpTo, checksumUpTo, newest] = rows.getRows()[0]!;
  const described = (await connection.runAndReadAll(`DESCRIBE ${name}`)).getRowObjects();
  return {
    content: {
      rows: String(count),
      checksum: String(checksum),
      columns: JSON.stringify(described.map((column) => [column.column_name, column.column_type])),
    },
    upTo: { rows: String(countUpTo), checksum: String(checksumUpTo) },
    newest: newest === null ? null : (newest as bigint),
  };
}
