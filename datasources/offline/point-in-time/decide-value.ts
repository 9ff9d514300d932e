import { NOT_FOUND_CELL, type CellStatus } from '../../../values/feature-cell.js';
import type { Instant } from '../../../values/instant.js';
import { compareVersions } from '../../online/online-store.js';
import type { ExplainedRow, RowClass } from '../explain-read.js';

/** What decides, beside the rows. */
export interface DecisionTerms {
  readonly time: Instant;
  readonly strictlyBefore: boolean;
  /** Only rows that were written by this time count; null: all rows. */
  readonly knownAt: Instant | null;
  readonly includeExpired: boolean;
  /** Microseconds; null: any age. */
  readonly ttl: bigint | null;
  /** false: a static source. */
  readonly isTimed: boolean;
  /** Whether rows without a value are skipped: the entity type is not dense. */
  readonly skipsNulls: boolean;
}

/**
 * Why one of two rows is newer: by the first of these in which they differ. ONLY_ROW: there is no other row. UNDEFINED: they
 * differ in none, and the store knows no order of arrival, so any of them counts.
 */
export const DECISION_RULES = ['EVENT_TIME', 'CREATION_TIME', 'SEQUENCE', 'ARRIVAL', 'UNDEFINED', 'ONLY_ROW'] as const;
export type DecisionRule = (typeof DECISION_RULES)[number];

export interface DecidedRow<Value> {
  readonly row: ExplainedRow<Value>;
  readonly class: RowClass;
  /** Whether the value comes from this row. */
  readonly hasWon: boolean;
  /** Of a row that could have won: what makes it older than the row that won. Of the row that won: what makes it newer than the next. */
  readonly rule: DecisionRule | null;
}

/** The value at a time, and why. */
export interface ValueDecision<Value> {
  readonly status: CellStatus;
  readonly value: Value | null;
  readonly timestamp: Instant | null;
  /** null: no row counts. */
  readonly winner: DecidedRow<Value> | null;
  /** In the order that they came. */
  readonly rows: readonly DecidedRow<Value>[];
}

/**
 * The value of a feature from the rows of its entity, by docs/point-in-time.md. It looks at nothing else: the classes that a
 * store gave the rows do not count. The rows of an explanation are enough, because they have the newest of each class.
 */
export function decideValue<Value>(rows: readonly ExplainedRow<Value>[], terms: DecisionTerms): ValueDecision<Value> {
  const classified = rows.map((row) => ({ row, class: classOf(row, terms) }));
  const candidates = rowsOf(classified, 'CANDIDATE');
  // Without any value, the newest row still says that the entity was known at that time.
  const eligible = candidates.length > 0 ? candidates : rowsOf(classified, 'WITHOUT_VALUE');
  const [winner, next] = newestTwo(eligible);
  const decided = classified.map(({ row, class: rowClass }): DecidedRow<Value> => {
    const hasWon = row === winner;
    const isEligible = eligible.includes(row);
    const rule = !isEligible ? null : hasWon ? (next ? ruleBetween(row, next) : 'ONLY_ROW') : ruleBetween(winner!, row);
    return { row, class: rowClass, hasWon, rule };
  });
  if (!winner) return { ...NOT_FOUND_CELL, value: null, winner: null, rows: decided };
  const timestamp = terms.isTimed ? winner.timestamp : null;
  const isExpired = timestamp !== null && terms.ttl !== null && terms.time - timestamp > terms.ttl;
  return {
    status: isExpired ? 'EXPIRED' : winner.value === null ? 'NULL' : 'PRESENT',
    value: isExpired && !terms.includeExpired ? null : winner.value,
    timestamp,
    winner: decided.find(({ hasWon }) => hasWon)!,
    rows: decided,
  };
}

function classOf(
  { timestamp, createdTimestamp, value }: ExplainedRow<unknown>,
  { time, strictlyBefore, knownAt, isTimed, skipsNulls }: DecisionTerms,
): RowClass {
  if (isTimed && timestamp !== null && (strictlyBefore ? timestamp >= time : timestamp > time)) return 'AFTER_AS_OF';
  if (knownAt !== null && (createdTimestamp === null || createdTimestamp > knownAt)) return 'WRITTEN_AFTER_KNOWN_AT';
  return skipsNulls && value === null ? 'WITHOUT_VALUE' : 'CANDIDATE';
}

function rowsOf<Value>(
  rows: readonly { readonly row: ExplainedRow<Value>; readonly class: RowClass }[],
  rowClass: RowClass,
): ExplainedRow<Value>[] {
  return rows.flatMap(({ row, class: ofRow }) => (ofRow === rowClass ? [row] : []));
}

function newestTwo<Value>(rows: readonly ExplainedRow<Value>[]): ExplainedRow<Value>[] {
  return [...rows].sort((a, b) => compareRows(b, a)).slice(0, 2);
}

function compareRows(a: ExplainedRow<unknown>, b: ExplainedRow<unknown>): number {
  return compareVersions(a, b) || compareVersions({ ...a, sequence: a.arrival }, { ...b, sequence: b.arrival });
}

function ruleBetween(newer: ExplainedRow<unknown>, older: ExplainedRow<unknown>): DecisionRule {
  if (newer.timestamp !== older.timestamp) return 'EVENT_TIME';
  if (newer.createdTimestamp !== older.createdTimestamp) return 'CREATION_TIME';
  if (newer.sequence !== older.sequence) return 'SEQUENCE';
  return newer.arrival === older.arrival ? 'UNDEFINED' : 'ARRIVAL';
}
