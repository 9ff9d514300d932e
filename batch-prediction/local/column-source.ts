import { type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api';
import { quoteIdentifier } from '../../datasources/duckdb/sql-text.js';
import { chunkSizer } from '../../datasources/duckdb/typed-vectors.js';
import { joinSql } from '../../datasources/offline/point-in-time/sql-text.js';
import { splitEvenly } from '../../values/split-evenly.js';
import type { ValueType } from '../../values/value-type.js';
import type { ColumnBlock, ColumnSlice, ColumnSource, InputInstance, SliceOptions } from './batch-source.js';
import { readColumn, type ColumnPlace } from './read-columns.js';
import { inputType, type OwnColumn, type SourceColumn } from './source-columns.js';
import { refuseUnreadable, readNumbered, type SqlSource } from './read-instances.js';
import { writtenType } from './instance-columns.js';
import { describeRelation } from './table-snapshot.js';

/** The prefix of the columns that are read beside those of the relation. */
export const OWN_PREFIX = 'featuregraph:';
const SOUND = quoteIdentifier(`${OWN_PREFIX}sound`);

/** The value types that are read as columns. */
const READ_AS_COLUMNS: ReadonlySet<ValueType> = new Set<ValueType>([
  'BOOL',
  'BOOL_ARRAY',
  'DOUBLE',
  'DOUBLE_ARRAY',
  'INT64',
  'INT64_ARRAY',
  'STRING',
]);

/**
 * Opens an input as columns: those of its relation as they are, which DuckDB keeps for the output, the inputs of the
 * model, and whether a row is an instance. null for an input whose output would not have the same types then.
 */
export async function openColumns(connection: DuckDBConnection, source: SqlSource): Promise<ColumnSource | null> {
  const stored = await describeRelation(connection, source.relation);
  if (source.columns.length === 0 || stored.some(({ name }) => isReserved(name.toLowerCase()))) return null;
  if (!source.columns.every(isCarried)) return null;
  const added: string[] = [];
  const places = new Map<string, ColumnPlace>();
  const written = source.columns.map((of, index) => {
    const { column, value } = of;
    if (!('valueType' in column)) return { name: column.name, value: writtenSql(of, value) };
    let position = findStored(stored, of);
    let from = value;
    if (position < 0) {
      position = stored.length + added.length;
      from = quoteIdentifier(`${OWN_PREFIX}${index}`);
      added.push(`${value} AS ${from}`);
    }
    places.set(column.name, { position, valueType: column.valueType });
    return { name: column.name, value: writtenSql(of, from) };
  });
  const names = stored.map(({ name }) => quoteIdentifier(name));
  const select = [...names, ...added, `${soundSql(source)} AS ${SOUND}`].join(', ');
  const sql = (fromRow: number): string => `SELECT ${select} FROM ${source.relation} OFFSET ${fromRow}`;
  const soundAt = names.length + added.length;
  return {
    sql,
    written,
    slices: (reading, options) => readSlices(reading, sql(options.fromRow), places, soundAt, options),
    readInstances: (reading, slice, rows) => readRows(reading, source, sql(0), slice, rows),
  };
}

/** DuckDB's name for the place of a row would be that of the column. */
function isReserved(name: string): boolean {
  return name === 'rowid' || name.startsWith(OWN_PREFIX);
}

/** Whether the type of a column is that of the output; JSON inside of lists and structs becomes text there. */
function isCarried({ column }: SourceColumn): boolean {
  if ('valueType' in column) return READ_AS_COLUMNS.has(column.valueType);
  return column.type === 'JSON' || !/\bJSON\b|"NULL"|\bUNION\b|\bVARIANT\b/.test(column.type);
}

/** The place of a column that is stored as its value. */
function findStored(stored: readonly OwnColumn[], { column, value }: SourceColumn): number {
  const wanted = 'valueType' in column ? inputType(column.valueType) : column.type;
  return stored.findIndex(({ name, type }) => quoteIdentifier(name) === value && type === wanted);
}

function writtenSql({ column }: SourceColumn, value: string): string {
  const type = writtenType(column);
  return `CAST(${value} AS ${type === 'JSON' ? 'VARCHAR' : type})`;
}

/** Whether a row is an instance in which every value fits. The text of a value is not made for those that do. */
function soundSql({ columns, originals, lineFault }: SqlSource): string {
  const fits =
    originals === null
      ? columns.flatMap(({ value, original }) =>
          original === null ? [] : [`CASE WHEN (${value}) IS NULL THEN (${original}) IS NULL ELSE true END`],
        )
      : [`(${originals}) IS NULL`];
  return joinSql([...(lineFault ? [`(${lineFault.sentence}) IS NULL`] : []), ...fits, 'true'], ' AND ');
}

async function* readSlices(
  connection: DuckDBConnection,
  sql: string,
  places: ReadonlyMap<string, ColumnPlace>,
  soundAt: number,
  { fromRow, batchSize, runsPerSlice }: SliceOptions,
): AsyncGenerator<ColumnSlice> {
  for await (const block of readBlocks(connection, sql, fromRow, batchSize)) {
    const columns = new Map([...places].map(([name, place]) => [name, readColumn(block.chunks, place)] as const));
    const sound = readColumn(block.chunks, { position: soundAt, valueType: 'BOOL' }).values as Uint8Array;
    const batch = { rows: block.rows, rowsPerRun: batchSize, sound, columns };
    for (let from = 0; from < block.rows;) {
      // Slices of about one size: a last slice of a few rows would cost as much as a full one.
      const [rows = 0] = splitEvenly(block.rows - from, batchSize * runsPerSlice());
      yield cutSlice({ block, from: 0, batch }, from, from + rows);
      from += rows;
    }
  }
}

/** Some rows of a slice. */
export function cutSlice({ block, from: start, batch }: ColumnSlice, from: number, to: number): ColumnSlice {
  const columns = [...batch.columns].map(([name, column]) => [name, cut(column, from, to)] as const);
  return {
    block,
    from: start + from,
    batch: { ...batch, rows: to - from, sound: batch.sound.subarray(from, to), columns: new Map(columns) },
  };
}

function cut(column: ReturnType<typeof readColumn>, from: number, to: number): ReturnType<typeof readColumn> {
  const { values, present, lists } = column;
  return {
    values: lists ? values : Array.isArray(values) ? values.slice(from, to) : (values as Uint8Array).subarray(from, to),
    present: present?.subarray(from, to) ?? null,
    lists: lists && { starts: lists.starts.subarray(from, to), lengths: lists.lengths.subarray(from, to) },
  };
}

async function* readBlocks(
  connection: DuckDBConnection,
  sql: string,
  fromRow: number,
  batchSize: number,
): AsyncGenerator<ColumnBlock> {
  const result = await connection.stream(sql).catch(refuseUnreadable);
  let number = fromRow;
  const columns = result.columnNames().map((name, index) => ({ name, type: result.columnType(index) }));
  const sizeOf = chunkSizer(columns.map(({ type }) => type));
  let chunks: DuckDBDataChunk[] = [];
  let [rows, bytes] = [0, 0];
  for (;;) {
    const chunk = await result.fetchChunk().catch(refuseUnreadable);
    const isEnd = !chunk || chunk.rowCount === 0;
    if (!isEnd) {
      chunks.push(chunk);
      rows += chunk.rowCount;
      bytes += sizeOf(chunk);
    }
    // The rows of a run may need several chunks. Further ones would only be joined, and cut again.
    if (rows > 0 && (isEnd || rows >= batchSize)) {
      yield { columns, chunks, rows, bytes, number };
      number += rows;
      [chunks, rows, bytes] = [[], 0, 0];
    }
    if (isEnd) return;
  }
}

/** The same query that reads instances, over the chunks of a block. */
async function readRows(
  connection: DuckDBConnection,
  source: SqlSource,
  sql: string,
  { block, from }: ColumnSlice,
  rows: readonly number[],
): Promise<readonly InputInstance[]> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE batch_rows AS SELECT * FROM (${sql}) LIMIT 0`);
  try {
    const appender = await connection.createAppender('batch_rows', 'main', 'temp');
    for (const chunk of block.chunks) appender.appendDataChunk(chunk);
    appender.closeSync();
    const ids = rows.map((row) => from + row);
    const relation = `(SELECT * FROM batch_rows WHERE rowid IN (${ids.join(', ')}) ORDER BY rowid)`;
    return await readNumbered(
      connection,
      { ...source, relation },
      ids.map((id) => block.number + id),
    );
  } finally {
    await connection.run('DROP TABLE IF EXISTS temp.batch_rows');
  }
}
