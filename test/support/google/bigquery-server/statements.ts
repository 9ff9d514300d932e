import type { SqlTable, SqlValue } from '../googlesql/evaluator.js';
import { invalidQuery } from './api-error.js';
import { fieldOfType, type Field } from './schema.js';
import type { StoredTable, Tables } from './tables.js';

/** The name of a column that says which row of the table a row is. */
export const ROW_NUMBER = 'featuregraph_test_row';

/** A statement that changes tables: queries of GoogleSQL, and what to do with their rows. */
export interface Statement {
  readonly queries: readonly string[];
  /** The table in which rows are changed, whose rows the queries number. */
  readonly numbered: StoredTable | undefined;
  readonly apply: (results: readonly (readonly (readonly SqlValue[])[])[], fields: readonly Field[][]) => void;
}

/** The forms of DDL and DML that the server runs. */
const CREATE = /^CREATE TABLE IF NOT EXISTS `([^`]+)`\nPARTITION BY DATE\((\w+)\)\nCLUSTER BY (\w+) AS\n(SELECT [^]+)$/;
const MERGE =
  /^MERGE `([^`]+)` AS h\nUSING \(([^\n]+)\) AS e\nON ([^\n]+)\nWHEN MATCHED AND ([^\n]+)\nTHEN UPDATE SET ([^\n]+)\nWHEN NOT MATCHED THEN INSERT \(([^\n]+)\)\nVALUES \(([^\n]+)\)$/;

/** Undefined for a query. */
export function toStatement(sql: string, tables: Tables, location: string): Statement | undefined {
  return toCreation(sql, tables, location) ?? toMerge(sql, tables, location);
}

function toCreation(sql: string, tables: Tables, location: string): Statement | undefined {
  const [, path, partition, cluster, select] = CREATE.exec(sql) ?? [];
  if (select === undefined) return undefined;
  const [project = '', dataset = '', tableId = ''] = path!.split('.');
  if (tables.dataset(project, dataset).location !== location) throw invalidQuery('the dataset is in another location');
  return {
    queries: [select],
    numbered: undefined,
    apply: ([rows], [fields]) => {
      if (tables.idsOf(project, dataset).includes(tableId)) return;
      const table = tables.create(project, dataset, {
        tableReference: { projectId: project, datasetId: dataset, tableId },
        schema: { fields: fields! },
        timePartitioning: { type: 'DAY', field: partition },
        clustering: { fields: [cluster!] },
      });
      table.rows.push(...rows!.map((row) => [...row]));
    },
  };
}

function toMerge(sql: string, tables: Tables, location: string): Statement | undefined {
  const [, path, using, on, differs, updates, columns, values] = MERGE.exec(sql) ?? [];
  if (values === undefined) return undefined;
  const table = tables.byPath(path!, location);
  const set = updates!.split(/, (?=`[^`]+` = )/).map((assignment) => assignment.split(/ = (.*)/s) as [string, string]);
  const indexOf = (name: string): number => {
    const index = table.fields.findIndex((field) => field.name === name.replaceAll('`', '').trim());
    if (index < 0) throw invalidQuery(`there is no column ${name}`);
    return index;
  };
  const changed = set.map(([name]) => indexOf(name));
  const inserted = columns!.split(', ').map(indexOf);
  return {
    queries: [
      `SELECT h.${ROW_NUMBER}, ${set.map(([, value]) => value).join(', ')} FROM \`${path}\` AS h JOIN (${using}) AS e ON ${on} WHERE ${differs}`,
      `SELECT ${values} FROM (${using}) AS e LEFT JOIN \`${path}\` AS h ON ${on} WHERE h.${ROW_NUMBER} IS NULL`,
    ],
    numbered: table,
    apply: ([updated, added]) => {
      tables.updateRows(
        table,
        updated!.map(([row, ...cells]) => ({ row: Number(row!.int64_value), columns: changed, cells })),
      );
      for (const cells of added!) {
        const row: SqlValue[] = table.fields.map(() => ({}));
        inserted.forEach((column, index) => (row[column] = cells[index]!));
        table.rows.push(row);
      }
    },
  };
}

/** The table with a column of row numbers. */
export function numberRows({ name, columns, rows }: SqlTable): SqlTable {
  return {
    name,
    columns: [...columns, { name: ROW_NUMBER, type: { type_kind: 'TYPE_INT64' } }],
    rows: rows.map((row, index) => [...row, { int64_value: String(index) }]),
  };
}

export function toFields(columns: readonly { readonly name: string; readonly type: any }[]): Field[] {
  return columns.map(({ name, type }) => fieldOfType(name, type));
}
