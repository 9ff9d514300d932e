import { entityIdSql } from '../../duckdb/entity-id-sql.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import type { FileReader } from '../../files/file-reader.js';
import { chooseId } from './choose-id.js';
import { chooseTime, type ChosenTime, type Question } from './choose-time.js';
import type { ColumnFacts } from './column-facts.js';
import { findFeatureType, type FeatureType } from './feature-types.js';
import type { FoundTable } from './find-tables.js';
import { readTable, type ReadTable } from './read-table.js';
import type { DraftFileOptions } from './table-options.js';
import type { Wishes } from './wishes.js';

/** A table of which everything is decided that concerns it alone. */
export interface ExaminedTable {
  readonly found: FoundTable;
  readonly columns: readonly ColumnFacts[];
  readonly id: readonly ColumnFacts[];
  /** null: a static source. */
  readonly time: ChosenTime | null;
  /** The time at which a row was written, if the table has it under the usual name. */
  readonly created: ColumnFacts | null;
  readonly features: readonly { readonly column: ColumnFacts; readonly type: FeatureType }[];
  readonly leftOut: readonly { readonly column: ColumnFacts; readonly reason: string }[];
  readonly rows: number;
  /** Rows that a start leaves out, because their id or their time is null. */
  readonly incompleteRows: number;
  /** An entity id of the table, to try a read with; null if none is known for certain. */
  readonly exampleId: string | null;
  readonly keywords: ReadonlySet<string>;
}

/** Reads a table and decides its id, its time and the types of its features, or asks what only the user knows. */
export async function examineTable(
  found: FoundTable,
  wishes: Wishes,
  given: DraftFileOptions,
  reader: FileReader,
  onColumns: (columns: readonly ColumnFacts[]) => void,
): Promise<ExaminedTable | readonly Question[]> {
  return readTable(found, given, reader, async (table) => {
    onColumns(table.columns);
    const time = await chooseTime(table, wishes, given);
    const timeColumn = time === null || 'question' in time ? null : time.column;
    // Without its time, whether an id is unique in the table cannot be judged: the id is asked for in the same run.
    const id = await chooseId(table, wishes, timeColumn, time !== null);
    const questions = [time, id].filter((answer): answer is Question => answer !== null && 'question' in answer);
    if (questions.length > 0) return questions;
    return decide(table, time as ChosenTime | null, id as readonly ColumnFacts[]);
  });
}

async function decide(
  table: ReadTable,
  time: ChosenTime | null,
  id: readonly ColumnFacts[],
): Promise<ExaminedTable | readonly Question[]> {
  const { found, columns, rows, keywords } = table;
  const created =
    columns.find((column) => {
      if (time === null || column === time.column || id.includes(column)) return false;
      return column.name === 'created_timestamp' && column.timeForm === 'MOMENT';
    }) ?? null;
  const rest = columns.filter((column) => column !== time?.column && column !== created && !id.includes(column));
  const typed = rest.map((column) => ({ column, type: findFeatureType(column, found.format) }));
  const features = typed.flatMap(({ column, type }) => ('leftOut' in type ? [] : [{ column, type }]));
  const leftOut = typed.flatMap(({ column, type }) => ('leftOut' in type ? [{ column, reason: type.leftOut }] : []));
  if (features.length === 0) {
    const reasons = leftOut.map(({ column, reason }) => ` ${column.name}: ${reason}.`).join('');
    return [{ question: `${found.shown}: beside its id and time, no column can be a feature.${reasons}` }];
  }
  const [counted] = await table.query(
    `SELECT count(*) FILTER (WHERE ${[...id, ...(time ? [time.column] : [])].map(({ name }) => `${quoteIdentifier(name)} IS NULL`).join(' OR ')}) AS incomplete FROM ${table.relation}`,
  );
  return {
    found,
    columns,
    id,
    time,
    created,
    features,
    leftOut,
    rows,
    incompleteRows: Number(counted?.incomplete),
    exampleId: await findExampleId(table, id),
    keywords,
  };
}

async function findExampleId(table: ReadTable, id: readonly ColumnFacts[]): Promise<string | null> {
  // Other types may have another text in a table of the registry.
  if (!id.every(({ type }) => /^(VARCHAR|BIGINT|INTEGER|UUID)$/.test(type))) return null;
  const names = id.map(({ name }) => quoteIdentifier(name));
  const [row] = await table.query(
    `SELECT ${entityIdSql(names)} AS id FROM ${table.relation} WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} LIMIT 1`,
  );
  return row ? String(row.id) : null;
}
