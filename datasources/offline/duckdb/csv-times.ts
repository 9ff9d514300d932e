import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../errors/operator-error.js';
import { isCsvFile } from '../../files/file-format.js';
import { quoteIdentifier, quoteText } from '../../duckdb/sql-text.js';
import { describeCsvColumns, readCsv } from '../../duckdb/read-csv.js';

/** More than six digits of a second, of which one beyond the sixth counts. */
const FINER_THAN_MICROSECOND = String.raw`\.\d{6}\d*[1-9]`;

/**
 * Refuses a CSV file with a time finer than a microsecond. DuckDB reads such a column as TIMESTAMP and cuts the digits off,
 * unseen by whatever looks at its types: a value would be known before it was true. One more pass over the columns of times.
 * Other files need none: JSON with such times is read as text, and Parquet says TIMESTAMP_NS.
 */
export async function checkCsvTimes(connection: DuckDBConnection, table: string, path: string): Promise<void> {
  if (!isCsvFile(path)) return;
  // As the table is read, and not as the file would be: a column that was said to be text is the SQL's to read.
  const times = [...(await describeCsvColumns(connection, quoteIdentifier(table)))]
    .filter(([, type]) => type.startsWith('TIMESTAMP'))
    .map(([column]) => column);
  if (times.length === 0) return;
  const texts = await readCsv(connection, path, new Map(times.map((column) => [column, 'VARCHAR'])));
  for (const column of times) {
    const found = await connection.runAndReadAll(
      `SELECT ${quoteIdentifier(column)} FROM ${texts}
       WHERE regexp_matches(${quoteIdentifier(column)}, ${quoteText(FINER_THAN_MICROSECOND)}) LIMIT 1`,
    );
    const [[example] = []] = found.getRows();
    if (example === undefined) continue;
    throw new OperatorError(
      `Column "${column}" of the table "${table}" has times finer than a microsecond, such as ${String(example)}. ` +
        'Round them in the file, and decide how: a time that is cut short is known before it was true.',
    );
  }
}
