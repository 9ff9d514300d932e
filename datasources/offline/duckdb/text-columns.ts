import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../errors/operator-error.js';
import { quoteText } from '../../duckdb/sql-text.js';
import type { ReadColumn } from '../../files/read-text-files.js';
import { isFinerSql, isNaiveSql, looksLikeMomentSql } from '../../files/text-times.js';
import { jsonTextSql, misfitText, textToTypeSql } from '../../files/text-values.js';
import type { TextTable } from './text-table.js';

/** Columns without a declared type whose values have no common type other than text. */
function undeclaredTexts({ table }: TextTable): ReadColumn[] {
  return table.columns.filter(({ type, isDeclared }) => !isDeclared && (type === 'VARCHAR' || type === 'JSON'));
}

/**
 * SQL of the text of a value. A stored JSON column still has tokens, and it is of the type JSON, which would make JSON of
 * each text of a CASE; a stored VARCHAR has texts, of which any may begin with a quote.
 */
function storedTextSql({ cell, type }: ReadColumn): string {
  return type === 'JSON' ? jsonTextSql(`CAST(${cell} AS VARCHAR)`) : cell;
}

/**
 * Refuses a column of times in which one time is finer than a microsecond. The column is text by then, and SQL that
 * casts it would truncate the digits silently: a value would be known before it was true.
 */
export async function refuseFinerTimes(connection: DuckDBConnection, text: TextTable): Promise<void> {
  for (const column of undeclaredTexts(text)) {
    const value = storedTextSql(column);
    const [first] = await select(
      connection,
      `SELECT file, line, value FROM (SELECT file, line, ${value} AS value FROM ${parquet(text)} WHERE ${column.cell} IS NOT NULL)
WHERE ${isFinerSql('value')} AND (SELECT bool_and(${looksLikeMomentSql(value)}) FROM ${parquet(text)}) LIMIT 1`,
    );
    if (!first) continue;
    throw new OperatorError(
      `Column "${column.name}" of the table "${text.name}" has times finer than a microsecond, such as ${first.value} ` +
        `("${text.table.files[first.file]}", line ${first.line}). Round them up in the file: a time that is cut short is known before it was true.`,
    );
  }
}

/**
 * Why a text column cannot have a type: the first value that does not, and its location. undefined: no table has a text
 * column of that name.
 */
export async function explainText(
  connection: DuckDBConnection,
  texts: readonly TextTable[],
  name: string,
  type: string,
): Promise<string | undefined> {
  for (const text of texts) {
    const column = undeclaredTexts(text).find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (!column) continue;
    const value = storedTextSql(column);
    const { options } = text.file;
    const [first] = await select(
      connection,
      `SELECT file, line, ${value} AS value FROM ${parquet(text)}
WHERE ${column.cell} IS NOT NULL AND ${textToTypeSql(value, type, options)} IS NULL LIMIT 1`,
    );
    if (!first) continue;
    return `"${text.table.files[first.file]}", line ${first.line}: ${misfitText(first.value, type, options)}.`;
  }
  return undefined;
}

/** Columns that are text because their times have no zone; an operator needs to know this when the SQL fails. */
export async function findNaiveColumns(connection: DuckDBConnection, texts: readonly TextTable[]): Promise<string[]> {
  const hints: string[] = [];
  for (const text of texts) {
    if (text.file.options.timeZone) continue;
    const columns = undeclaredTexts(text);
    if (columns.length === 0) continue;
    const areNaive = columns.map((column, index) => `bool_and(${isNaiveSql(storedTextSql(column))}) AS n${index}`);
    const result = await connection.runAndReadAll(`SELECT ${areNaive.join(', ')} FROM ${parquet(text)}`);
    const [row = []] = result.getRows();
    columns.forEach(({ name }, index) => {
      if (row[index] !== true) return;
      hints.push(
        `Column "${name}" of the table "${text.name}" is text, since its times have no zone: say of the table what its timeZone is`,
      );
    });
  }
  return hints;
}

interface PlacedValue {
  readonly file: number;
  readonly line: number;
  readonly value: string;
}

async function select(connection: DuckDBConnection, sql: string): Promise<PlacedValue[]> {
  const rows = (await connection.runAndReadAll(sql)).getRowObjects();
  return rows.map(({ file, line, value }) => ({ file: Number(file), line: Number(line), value: String(value) }));
}

function parquet({ table }: TextTable): string {
  return `read_parquet(${quoteText(table.path)})`;
}
