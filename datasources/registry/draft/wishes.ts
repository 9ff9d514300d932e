import { OperatorError } from '../../../errors/operator-error.js';
import type { ColumnFacts } from './column-facts.js';

/** What an option says: of one table (`orders=customer_id`), or of each table that has these columns. */
export interface Wish {
  readonly table: string | null;
  readonly columns: string;
}

/** The units in which a column of whole numbers may count time since 1970. */
export const TIME_UNITS = ['seconds', 'milliseconds', 'microseconds'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** What the user says about columns. */
export interface Wishes {
  readonly entityIds: readonly Wish[];
  readonly timestamps: readonly Wish[];
  /** Tables without a time. */
  readonly statics: readonly string[];
  readonly timestampUnit: TimeUnit | null;
}

/** `orders=customer_id`, if there is such a table; otherwise the whole text names columns. */
export function toWish(text: string, tables: ReadonlySet<string>): Wish {
  const at = text.indexOf('=');
  const table = at < 0 ? undefined : text.slice(0, at);
  return table !== undefined && tables.has(table)
    ? { table, columns: text.slice(at + 1) }
    : { table: null, columns: text };
}

/**
 * The columns that an option names in a table; undefined if no option is about this table. A name in another case counts
 * if only one column has it.
 */
export function findWished(
  wishes: readonly Wish[],
  table: string,
  columns: readonly ColumnFacts[],
): readonly ColumnFacts[] | undefined {
  const own = wishes.find((wish) => wish.table === table);
  if (own) {
    const found = findColumns(own.columns, columns);
    if (found) return found;
    const names = columns.slice(0, 50).map(({ name }) => name);
    throw new OperatorError(`The table ${table} has no columns "${own.columns}". It has: ${names.join(', ')}.`);
  }
  for (const wish of wishes) {
    const found = wish.table === null ? findColumns(wish.columns, columns) : undefined;
    if (found) return found;
  }
  return undefined;
}

function findColumns(text: string, columns: readonly ColumnFacts[]): readonly ColumnFacts[] | undefined {
  const whole = findColumn(text, columns);
  if (whole) return [whole];
  const parts = text.split(',').map((name) => findColumn(name.trim(), columns));
  return parts.every((part) => part !== undefined) && new Set(parts).size === parts.length ? parts : undefined;
}

function findColumn(name: string, columns: readonly ColumnFacts[]): ColumnFacts | undefined {
  return (
    columns.find((column) => column.name === name) ??
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
  );
}

/** The options that are about no table, by their texts. */
export function findUnused(wishes: readonly Wish[], tables: ReadonlyMap<string, readonly ColumnFacts[]>): string[] {
  return wishes
    .filter(({ table, columns }) => table === null && ![...tables.values()].some((own) => findColumns(columns, own)))
    .map(({ columns }) => columns);
}
