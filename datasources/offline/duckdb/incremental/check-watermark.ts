import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../../errors/operator-error.js';
import type { SourceColumn } from '../../../duckdb/column-types.js';
import { quoteText } from '../../../duckdb/sql-text.js';
import type { FeatureSource } from '../../../registry/model.js';
import { describe } from '../source-columns.js';
import { findAggregates, findPresentFunctions, isColumn, isNode, walk, type SqlNode } from './sql-tree.js';
import { windowFault } from './window-fault.js';

export interface WatermarkedSql {
  readonly source: FeatureSource;
  readonly sql: string;
  /** The columns of its result. */
  readonly columns: ReadonlyMap<string, SourceColumn>;
  readonly watermarkColumn: string;
}

const TIME_TYPES = ['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'];

/**
 * Refuses SQL whose rows may change when later rows are added to its table, because then the rows that are stored would
 * be other ones than the whole SQL gives. It reads the syntax tree: what it does not know, it refuses. Returns whether
 * each row of the result comes from one row of the table alone, so that unchanged files need not be read.
 */
export async function checkWatermark(
  connection: DuckDBConnection,
  { source, sql, columns, watermarkColumn }: WatermarkedSql,
): Promise<{ readonly isRowWise: boolean }> {
  const { table } = source.incremental!;
  const tree = await parse(connection, sql);
  const faults: string[] = [];
  const type = columns.get(source.timestampColumn!)?.type;
  if (type !== undefined && !TIME_TYPES.includes(type)) {
    faults.push(`the timestamp column is ${type}, and a watermark is TIMESTAMP or TIMESTAMP WITH TIME ZONE`);
  }
  const aggregates = await findAggregates(connection);
  faults.push(
    ...(await findPresentFunctions(connection, tree)).map((name) => `${name} gives another value at each run`),
  );
  if (tree.type === 'SELECT_NODE') faults.push(...selectFaults(tree, { table, watermarkColumn, source, aggregates }));
  else faults.push('it is not a single SELECT (for example a UNION)');
  if (faults.length === 0)
    return { isRowWise: walk(tree, { into: 'EXPRESSIONS' }).every((node) => node.class !== 'WINDOW') };
  throw new OperatorError(
    `The SQL of ${describe(source)} cannot be computed from a watermark on, because rows that are stored could change:`,
    [...faults, 'Change the SQL, or take "watermarkColumn" out of the registry'],
  );
}

async function parse(connection: DuckDBConnection, sql: string): Promise<SqlNode> {
  const rows = await connection.runAndReadAll(`SELECT json_serialize_sql(${quoteText(sql)})`);
  const { statements } = JSON.parse(String(rows.getRows()[0]?.[0])) as { statements?: { node: SqlNode }[] };
  const node = statements?.[0]?.node;
  if (!node) throw new Error('DuckDB gave no syntax tree of a SELECT that it had bound');
  return node;
}

interface SelectOptions {
  readonly table: string;
  readonly watermarkColumn: string;
  readonly source: FeatureSource;
  readonly aggregates: ReadonlySet<string>;
}

function selectFaults(tree: SqlNode, { table, watermarkColumn, source, aggregates }: SelectOptions): string[] {
  const faults: string[] = [];
  const reads = walk(tree, { into: 'ALL' }).filter((node) => node.type === 'BASE_TABLE' && isNamed(node, table));
  const found = findTable(tree.from_table, table);
  if (reads.length !== 1 || !found) {
    faults.push(
      `it reads "${table}" ${reads.length} times, and not once in its FROM clause or on the kept side of a join`,
    );
  }
  for (const { type, function: call } of walk(tree, { into: 'ALL' })) {
    const name = type === 'TABLE_FUNCTION' && isNode(call) ? String(call.function_name) : '';
    if (/^query(_table)?$/i.test(name)) faults.push(`${name} may read the table "${table}"`);
  }
  const ctes = (tree.cte_map as { map: { key: string }[] }).map;
  if (ctes.some(({ key }) => sameName(key, table))) faults.push(`a WITH clause has the name of the table "${table}"`);
  if (
    [tree.group_expressions, tree.group_sets].some(isFilled) ||
    tree.having ||
    tree.aggregate_handling !== 'STANDARD_HANDLING'
  ) {
    faults.push('it has GROUP BY or HAVING: a later row changes its group');
  }
  for (const modifier of tree.modifiers as SqlNode[]) {
    if (modifier.type !== 'ORDER_MODIFIER') faults.push('it has DISTINCT, LIMIT or OFFSET');
  }
  if (tree.sample) faults.push('it takes a sample');
  const names = {
    column: watermarkColumn,
    tables: [found?.alias, found?.table_name].filter((name) => !!name) as string[],
  };
  if (!(tree.select_list as SqlNode[]).some((item) => isWatermark(item, tree, names, source.timestampColumn!))) {
    faults.push(
      `its column "${source.timestampColumn}" is not the column "${watermarkColumn}" of "${table}", unchanged`,
    );
  }
  for (const node of walk(tree, { into: 'EXPRESSIONS' })) {
    if (node.class === 'WINDOW') faults.push(...windowFault(node, names));
    if (node.class === 'FUNCTION' && aggregates.has(String(node.function_name).toLowerCase())) {
      faults.push(`${String(node.function_name)} is an aggregate without a window: a later row changes it`);
    }
  }
  return faults;
}

/** The table, where each row of it gives rows of the FROM clause that later rows of it do not change. */
function findTable(from: unknown, table: string): SqlNode | undefined {
  if (!isNode(from)) return undefined;
  if (from.type === 'BASE_TABLE') return isNamed(from, table) && !from.sample ? from : undefined;
  if (from.type !== 'JOIN' || from.ref_type === 'POSITIONAL') return undefined;
  if (['INNER', 'LEFT', 'SEMI', 'ANTI'].includes(String(from.join_type))) {
    const left = findTable(from.left, table);
    if (left) return left;
  }
  return from.join_type === 'INNER' && from.ref_type !== 'ASOF' ? findTable(from.right, table) : undefined;
}

function isWatermark(
  item: SqlNode,
  tree: SqlNode,
  names: { readonly column: string; readonly tables: readonly string[] },
  timestampColumn: string,
): boolean {
  if (item.class === 'STAR') {
    const isPlain = ['exclude_list', 'replace_list', 'rename_list', 'qualified_exclude_list'].every(
      (list) => !isFilled(item[list]),
    );
    const isAlone = isNode(tree.from_table) && tree.from_table.type === 'BASE_TABLE';
    return isPlain && isAlone && item.columns !== true && sameName(names.column, timestampColumn);
  }
  if (!isColumn(item, names)) return false;
  return sameName(String(item.alias) || names.column, timestampColumn);
}

function isNamed({ table_name: name, schema_name: schema, catalog_name: catalog }: SqlNode, table: string): boolean {
  return sameName(String(name), table) && !schema && !catalog;
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) ? list.length > 0 : isNode(list) && Object.keys(list).length > 0;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
