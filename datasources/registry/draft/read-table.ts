import { toChunks } from '../../../runtime/to-chunks.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { FileFault } from '../../files/file-fault.js';
import type { FileOptions } from '../../files/file-options.js';
import type { FileReader } from '../../files/file-reader.js';
import type { FileWorker } from '../../files/file-worker.js';
import { readParquetFiles } from '../../files/read-parquet-files.js';
import { namedColumnsSql, readTextFiles } from '../../files/read-text-files.js';
import { isNaiveSql, looksLikeMomentSql } from '../../files/text-times.js';
import type { QueryResult } from '../../files/worker/protocol.js';
import { columnFacts, type ColumnFacts } from './column-facts.js';
import type { FoundTable } from './find-tables.js';
import { optionsFor, type DraftFileOptions } from './table-options.js';

/** A table while its values can be queried. */
export interface ReadTable {
  readonly found: FoundTable;
  readonly options: FileOptions;
  readonly rows: number;
  readonly columns: readonly ColumnFacts[];
  /** Values by the names of their columns, with the place of each row in PLACE_FILE and PLACE_LINE. */
  readonly relation: string;
  readonly query: (sql: string) => Promise<QueryResult>;
  /** The words that must be quoted as names in SQL. */
  readonly keywords: ReadonlySet<string>;
}

/** Names that no column of a file has by chance. */
export const PLACE_FILE = '"\u0001file"';
export const PLACE_LINE = '"\u0001line"';

/** Reads all values of a table, and uses what is known of them. */
export async function readTable<Result>(
  found: FoundTable,
  given: DraftFileOptions,
  reader: FileReader,
  use: (table: ReadTable) => Promise<Result>,
): Promise<Result> {
  const options = optionsFor(found.format, given);
  return reader.use({ files: found.files }, async (worker, folder) => {
    const read = await openRelation(found, options, worker, folder);
    const query = (sql: string): Promise<QueryResult> => worker.query(sql);
    const columns = await countForms(read.columns, read.relation, query);
    const [counted] = await query(`SELECT count(*) AS rows FROM ${read.relation}`);
    const keywords = await query(
      `SELECT keyword_name AS name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'`,
    );
    return use({
      found,
      options,
      rows: Number(counted?.rows),
      columns,
      relation: read.relation,
      query,
      keywords: new Set(keywords.map(({ name }) => String(name))),
    });
  });
}

interface OpenRelation {
  readonly relation: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

async function openRelation(
  { files, format, shown }: FoundTable,
  options: FileOptions,
  worker: FileWorker,
  folder: string,
): Promise<OpenRelation> {
  if (format === 'PARQUET') {
    const { relation, columns } = await readParquetFiles(worker, files, options, {
      declared: new Map(),
      reads: 'EVERY_VALUE',
    });
    return {
      columns,
      relation: `(SELECT *, CAST(NULL AS INTEGER) AS ${PLACE_FILE}, CAST(NULL AS BIGINT) AS ${PLACE_LINE} FROM ${relation})`,
    };
  }
  const table = await readTextFiles(
    worker,
    { files, format, options },
    {
      declared: new Map(),
      others: 'BY_VALUE',
      folder,
      keepsBadRows: false,
    },
  );
  if (table.rows === 0) {
    throw new FileFault(
      shown,
      null,
      'it has no rows, so the types of its columns are not known. Give a file with rows',
    );
  }
  // Places come with the rows of the file itself, under the names that its columns have there.
  const named = namedColumnsSql(table).replace(
    / FROM read_parquet\(/,
    `, file AS ${PLACE_FILE}, line AS ${PLACE_LINE} FROM read_parquet(`,
  );
  return { columns: table.columns, relation: named };
}

/** Columns of one query: the engine takes seconds to plan thousands of sums. */
const COLUMNS_A_QUERY = 50;

async function countForms(
  columns: readonly { readonly name: string; readonly type: string }[],
  relation: string,
  query: ReadTable['query'],
): Promise<ColumnFacts[]> {
  const all: ColumnFacts[] = [];
  for (const chunk of toChunks([...columns], COLUMNS_A_QUERY)) {
    const counts = chunk.flatMap(({ name, type }, index) =>
      Object.entries(countsOf(quoteIdentifier(name), type)).map(([what, sql]) => `${sql} AS n${index}_${what}`),
    );
    const [row = {}] = await query(`SELECT ${counts.join(', ')} FROM ${relation}`);
    chunk.forEach(({ name, type }, index) => {
      const count = (what: string): number | undefined => {
        const value = row[`n${index}_${what}`];
        return value === undefined || value === null ? undefined : Number(value);
      };
      all.push(columnFacts(name, type, count));
    });
  }
  return all;
}

const WIDE_NUMBER = /^(UBIGINT|U?HUGEINT|DECIMAL\(.*\))$/;

/** SQL of the counts that decide what a column of this type is. */
function countsOf(column: string, type: string): Record<string, string> {
  const where = (condition: string): string => `count(*) FILTER (WHERE ${condition})`;
  const values = { values: `count(${column})` };
  if (type === 'VARCHAR') {
    return {
      ...values,
      moments: where(looksLikeMomentSql(column)),
      naive: where(isNaiveSql(column)),
      dates: where(`regexp_full_match(${column}, '[0-9]{4}-[0-9]{2}-[0-9]{2}')`),
    };
  }
  if (WIDE_NUMBER.test(type)) {
    const double = `CAST(${column} AS DOUBLE)`;
    return {
      ...values,
      int64: where(`TRY_CAST(${column} AS BIGINT) = ${column}`),
      double: where(`TRY_CAST(${double} AS ${type}) = ${column}`),
    };
  }
  if (type.endsWith(']')) {
    return {
      ...values,
      longest: `max(len(${column}))`,
      holed: where(`len(${column}) <> list_count(${column})`),
    };
  }
  if (type === 'JSON') {
    const kind = `json_type(${column})`;
    return { ...values, objects: where(`${kind} = 'OBJECT'`), texts: where(`${kind} = 'VARCHAR'`) };
  }
  return values;
}

/** The place and the text of the first value for which a condition holds. */
export async function findValue(
  { found, relation, query }: ReadTable,
  column: string,
  condition: string,
): Promise<{ readonly place: string; readonly value: string } | undefined> {
  const own = quoteIdentifier(column);
  const [row] = await query(
    `SELECT CAST(${own} AS VARCHAR) AS value, ${PLACE_FILE} AS file, ${PLACE_LINE} AS line FROM ${relation} WHERE ${own} IS NOT NULL AND ${condition} LIMIT 1`,
  );
  if (!row) return undefined;
  const isText = row.file !== null;
  const file = isText ? found.files[Number(row.file)]!.name : found.shown;
  return { place: `"${file}"${isText ? `, line ${String(row.line)}` : ''}`, value: String(row.value) };
}
