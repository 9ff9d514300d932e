import type { RawValue, StructField, StructValue } from './value-type.js';

/** Compares values, and the fields of a STRUCT. */
type Comparable = RawValue | StructField;
type ComparableList = Extract<Comparable, readonly unknown[]>;

/** Whether two DOUBLEs are the same to a reader. */
export type SameDouble = (a: number, b: number) => boolean;

/** NaN equals NaN, and minus zero equals zero. */
export function isEqualDouble(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

/** Whether two values are the same: of the same type, and equal. The numbers of arrays and STRUCTs are compared as DOUBLEs are. */
export function isSameValue(a: Comparable, b: Comparable, isSameDouble: SameDouble): boolean {
  if (typeof a === 'number') return typeof b === 'number' && isSameDouble(a, b);
  if (a === null || typeof a === 'boolean' || typeof a === 'bigint' || typeof a === 'string') return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, index) => isSameValue(item, b[index]!, isSameDouble));
  }
  return isStruct(b) && isSameStruct(a satisfies StructValue, b, isSameDouble);
}

function isSameStruct(a: StructValue, b: StructValue, isSameDouble: SameDouble): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSameValue(a[name]!, b[name]!, isSameDouble))
  );
}

function isList(value: Comparable): value is ComparableList {
  return Array.isArray(value);
}

function isStruct(value: Comparable): value is StructValue {
  return typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array);
}
