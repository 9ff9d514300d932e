import { describe, expect, it } from 'vitest';
import { compareCells, DOUBLE_TOLERANCE } from '../../../../datasources/online/shadow/compare-cells.js';
import { NOT_FOUND_CELL, type FeatureCell } from '../../../../values/feature-cell.js';
import type { RawValue } from '../../../../values/value-type.js';

const STRICT = { treatAbsentAsEqual: false };
const present = (value: RawValue, timestamp: bigint | null = 1n): FeatureCell => ({
  status: 'PRESENT',
  value,
  timestamp,
});
const NULL_CELL: FeatureCell = { status: 'NULL', value: null, timestamp: 1n };
const EXPIRED_CELL: FeatureCell = { status: 'EXPIRED', value: null, timestamp: 1n };

describe('comparing cells', () => {
  it.each<[string, RawValue, RawValue]>([
    ['an INT64', 2n ** 63n - 1n, 2n ** 63n - 1n],
    ['a DOUBLE that is no number', NaN, NaN],
    ['an infinity', Infinity, Infinity],
    ['the two zeros', 0, -0],
    ['a DOUBLE in its last digits', 0.1 + 0.2, 0.3],
    ['BYTES', new Uint8Array([1, 2]), Buffer.from([1, 2])],
    ['a list', [1, NaN], [1, NaN]],
    ['a STRUCT whose fields come in another order', { a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }],
  ])('finds %s equal', (_, a, b) => {
    expect(compareCells(present(a), present(b), STRICT)).toBe('equal');
  });

  it.each<[string, RawValue, RawValue]>([
    ['INT64s that a double would make one', 9007199254740993n, 9007199254740992n],
    ['DOUBLEs beyond the tolerance', 1, 1 + 3 * DOUBLE_TOLERANCE],
    ['an infinity and a great number', Infinity, Number.MAX_VALUE],
    ['the infinities', Infinity, -Infinity],
    ['a number that is none and one that is', NaN, 0],
    ['a tiny DOUBLE and zero', 1e-300, 0],
    ['texts of another case', 'a', 'A'],
    ['BYTES of another length', new Uint8Array([1]), new Uint8Array([1, 0])],
    ['lists of another order', [1n, 2n], [2n, 1n]],
    ['a STRUCT with a field more', { a: 1 }, { a: 1, b: null }],
    ['a STRUCT with another field', { a: null }, { b: null }],
  ])('tells apart %s', (_, a, b) => {
    expect(compareCells(present(a), present(b), STRICT)).toBe('value');
    expect(compareCells(present(b), present(a), STRICT)).toBe('value');
  });

  it('tells apart times, where both stores give one', () => {
    expect(compareCells(present('a', 1n), present('a', 2n), STRICT)).toBe('timestamp');
    expect(compareCells(present('a', 1n), present('a', null), STRICT)).toBe('equal');
    expect(compareCells(EXPIRED_CELL, { ...EXPIRED_CELL, timestamp: 2n }, STRICT)).toBe('timestamp');
  });

  it('tells apart statuses, and NULL from NOT_FOUND unless a store cannot', () => {
    expect(compareCells(present('a'), EXPIRED_CELL, STRICT)).toBe('status');
    expect(compareCells(present('a'), NULL_CELL, { treatAbsentAsEqual: true })).toBe('status');
    expect(compareCells(NULL_CELL, NOT_FOUND_CELL, STRICT)).toBe('status');
    expect(compareCells(NULL_CELL, NOT_FOUND_CELL, { treatAbsentAsEqual: true })).toBe('equal');
    expect(compareCells(EXPIRED_CELL, NOT_FOUND_CELL, { treatAbsentAsEqual: true })).toBe('status');
  });
});
