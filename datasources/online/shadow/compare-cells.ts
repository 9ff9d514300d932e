import type { FeatureCell } from '../../../values/feature-cell.js';
import type { RawValue, StructField, StructValue } from '../../../values/value-type.js';

/**
 * How a value of one store differs from that of another. The first difference counts: status, then value, then time.
 */
export const COMPARISON_OUTCOMES = ['equal', 'status', 'value', 'timestamp'] as const;
export type ComparisonOutcome = (typeof COMPARISON_OUTCOMES)[number];

/**
 * Two DOUBLEs are equal when their difference is at most this share of the greater. A sum computed in another order
 * differs in its last digits, which is not an error of the migration. A billionth is a thousand times such a
 * difference, and far below what affects a model.
 */
export const DOUBLE_TOLERANCE = 1e-9;

export interface ComparisonRules {
  /** NULL and NOT_FOUND are equal for a store that cannot tell them apart (Vertex AI's legacy store). */
  readonly treatAbsentAsEqual: boolean;
}

/** Compares one feature of one entity. Compares times only where both stores return one. */
export function compareCells(
  a: FeatureCell,
  b: FeatureCell,
  { treatAbsentAsEqual: treatAbsentAsEqual }: ComparisonRules,
): ComparisonOutcome {
  if (isAbsent(a) && isAbsent(b)) return treatAbsentAsEqual || a.status === b.status ? 'equal' : 'status';
  if (a.status !== b.status) return 'status';
  if (a.value !== null && b.value !== null && !isSame(a.value, b.value)) return 'value';
  return a.timestamp === null || b.timestamp === null || a.timestamp === b.timestamp ? 'equal' : 'timestamp';
}

function isAbsent({ status }: FeatureCell): boolean {
  return status === 'NULL' || status === 'NOT_FOUND';
}

/** Compares values, and the fields of a STRUCT. */
type Comparable = RawValue | StructField;
type ComparableList = Extract<Comparable, readonly unknown[]>;

function isSame(a: Comparable, b: Comparable): boolean {
  if (typeof a === 'number') return typeof b === 'number' && isSameDouble(a, b);
  if (a === null || typeof a === 'boolean' || typeof a === 'bigint' || typeof a === 'string') return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]!));
  return isStruct(b) && isSameStruct(a satisfies StructValue, b);
}

function isSameStruct(a: StructValue, b: StructValue): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame(a[name]!, b[name]!))
  );
}

/** NaN equals NaN; the infinities and the two zeros equal only themselves. */
function isSameDouble(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Number.isFinite(a - b) && Math.abs(a - b) <= DOUBLE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function isList(value: Comparable): value is ComparableList {
  return Array.isArray(value);
}

function isStruct(value: Comparable): value is StructValue {
  return typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array);
}
