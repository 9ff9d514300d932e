import type { DuckDBConnection } from '@duckdb/node-api';

/** A part of DuckDB's syntax tree, as json_serialize_sql gives it. */
export interface SqlNode {
  readonly [key: string]: unknown;
}

/** A column of a table, by the names that SQL may use for the table. */
export interface ColumnNames {
  readonly column: string;
  readonly tables: readonly string[];
}

/** Names that SQL reads as the present moment, without parentheses. */
const PRESENT = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp']);

export function isNode(value: unknown): value is SqlNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** All parts of a tree. EXPRESSIONS: without other SELECTs and without what the FROM clause reads. */
export function walk(root: SqlNode, { into }: { readonly into: 'ALL' | 'EXPRESSIONS' }): SqlNode[] {
  const found: SqlNode[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (!isNode(value)) return;
    found.push(value);
    for (const [key, child] of Object.entries(value)) {
      if (into === 'EXPRESSIONS' && ['subquery', 'cte_map', 'from_table'].includes(key)) continue;
      visit(child);
    }
  };
  visit(root);
  return found;
}

export function isColumn(node: SqlNode, { column, tables }: ColumnNames): boolean {
  if (node.class !== 'COLUMN_REF') return false;
  const names = (node.column_names as string[]).map((name) => name.toLowerCase());
  const [name = '', table, ...others] = names.reverse();
  if (name !== column.toLowerCase() || others.length > 0) return false;
  return table === undefined || tables.some((known) => known.toLowerCase() === table);
}

/** The names of aggregates, and of macros that may contain one. */
export async function findAggregates(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const rows = await connection.runAndReadAll(
    `SELECT DISTINCT lower(function_name) FROM duckdb_functions()
     WHERE function_type = 'aggregate'
       OR (function_type = 'macro' AND function_name NOT LIKE 'list\\_%' ESCAPE '\\' AND function_name <> 'in_partition')`,
  );
  return new Set(rows.getRows().map(([name]) => String(name)));
}

/** The functions of a tree that give another value at another time, by name. */
export async function findPresentFunctions(connection: DuckDBConnection, tree: SqlNode): Promise<string[]> {
  const rows = await connection.runAndReadAll(
    `SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')`,
  );
  const unstable = new Set(rows.getRows().map(([name]) => String(name)));
  return walk(tree, { into: 'ALL' }).flatMap((node) => {
    const name = typeof node.function_name === 'string' ? node.function_name.toLowerCase() : '';
    if (node.class === 'FUNCTION' && unstable.has(name)) return [name];
    const [column = '', ...others] = node.class === 'COLUMN_REF' ? (node.column_names as string[]) : [];
    return others.length === 0 && PRESENT.has(column.toLowerCase()) ? [column] : [];
  });
}
