import { isColumn, isNode, type ColumnNames, type SqlNode } from './sql-tree.js';

/** Windows whose result a later row cannot change, as long as their frame ends at the present row. */
const BACKWARD = new Set([
  'WINDOW_AGGREGATE',
  'WINDOW_ROW_NUMBER',
  'WINDOW_RANK',
  'WINDOW_RANK_DENSE',
  'WINDOW_LAG',
  'WINDOW_FIRST_VALUE',
  'WINDOW_LAST_VALUE',
  'WINDOW_NTH_VALUE',
]);
const ENDS = new Set(['CURRENT_ROW_RANGE', 'CURRENT_ROW_ROWS', 'CURRENT_ROW_GROUPS']);

/** Why a window may see later rows than its own. */
export function windowFault(window: SqlNode, watermark: ColumnNames): string[] {
  const name = `the window of ${String(window.function_name)}`;
  if (!BACKWARD.has(String(window.type))) return [`${name} sees later rows`];
  const [first] = window.orders as SqlNode[];
  const isByTime =
    first !== undefined &&
    isNode(first.expression) &&
    isColumn(first.expression, watermark) &&
    ['ORDER_DEFAULT', 'ASCENDING'].includes(String(first.type)) &&
    ['ORDER_DEFAULT', 'NULLS_LAST'].includes(String(first.null_order));
  if (!isByTime) return [`${name} is not ordered by "${watermark.column}" first, ascending`];
  if (!ENDS.has(String(window.end))) return [`${name} does not end at the present row`];
  if (window.exclude_clause !== 'NO_OTHER') return [`${name} excludes rows`];
  if (window.type === 'WINDOW_LAG' && !isBackwardOffset(window.offset_expr)) {
    return [`the offset of ${String(window.function_name)} is not a constant number of at least 0`];
  }
  return [];
}

function isBackwardOffset(offset: unknown): boolean {
  if (!isNode(offset)) return true;
  const constant = offset.class === 'CONSTANT' && isNode(offset.value) ? offset.value.value : undefined;
  return typeof constant === 'number' && constant >= 0;
}
