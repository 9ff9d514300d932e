import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { ServedMatchEnum, SkewReasonEnum } from '../../../../schema/registry/served-skew.js';
import { countSkew } from '../../../../statistics/served-skew/count-skew.js';
import { skewReason, type PairHistory } from '../../../../statistics/served-skew/skew-reason.js';
import { SKEW_REASONS, type ServedMatch, type SkewPair } from '../../../../statistics/served-skew/skew-result.js';
import { NOT_FOUND_CELL, type FeatureCell } from '../../../../values/feature-cell.js';
import type { RawValue } from '../../../../values/value-type.js';
import { smallRegistry, T } from '../../../support/small-registry.js';

const cell = (value: RawValue | null, seconds: number, status: FeatureCell['status'] = 'PRESENT'): FeatureCell => ({
  status,
  value,
  timestamp: T(seconds),
});

/** A label at T(0) whose read was at T(-10), with equal values of T(-20) on both sides, and what a case changes. */
function reasonOf(changes: {
  trained?: Partial<SkewPair['trained']>;
  served?: Partial<SkewPair['served']>;
  history?: Partial<PairHistory>;
}) {
  const pair: SkewPair = {
    entityId: '1',
    labelTime: T(0),
    trained: { ...cell(1n, -20), ...changes.trained },
    served: { ...cell(1n, -20), readAt: T(-10), valueType: 'INT64', definition: 'a', ...changes.served },
  };
  return skewReason(pair, { definition: 'a', atLabel: cell(1n, -20), asKnownAtRead: null, ...changes.history });
}

describe('the likely reason of a difference', () => {
  const newer = { trained: { value: 2n, timestamp: T(-15) }, history: { atLabel: cell(2n, -15) } };
  it.each<[string, Parameters<typeof reasonOf>[0]]>([
    ['DEFINITION_CHANGED', { served: { definition: 'b' } }],
    ['HISTORY_CHANGED', { trained: { value: 7n } }],
    ['BECAME_TRUE_AFTER_READ', { trained: { value: 2n, timestamp: T(-5) }, history: { atLabel: cell(2n, -5) } }],
    ['SERVED_AFTER_LABEL', { served: { value: 2n, timestamp: T(1), readAt: T(2) } }],
    ['EXPIRED', { served: { value: null, status: 'EXPIRED' } }],
    ['EXPIRED', { trained: { value: null, status: null, timestamp: undefined } }],
    ['EXPIRED', { history: { atLabel: cell(null, -20, 'EXPIRED') } }],
    ['LATE_ARRIVAL', newer],
    ['LATE_ARRIVAL', { ...newer, history: { ...newer.history, asKnownAtRead: cell(1n, -20) } }],
    ['ONLINE_STORE_BEHIND', { ...newer, history: { ...newer.history, asKnownAtRead: cell(2n, -15) } }],
    ['LATE_ARRIVAL', { served: NOT_FOUND_CELL, history: { asKnownAtRead: NOT_FOUND_CELL } }],
    ['CORRECTED', { served: { value: 2n } }],
    ['CORRECTED', { served: { value: 2n }, history: { asKnownAtRead: cell(2n, -20) } }],
    ['NOT_IN_HISTORY', { trained: NOT_FOUND_CELL, history: { atLabel: NOT_FOUND_CELL } }],
    ['NOT_IN_HISTORY', { served: { value: 2n, timestamp: T(-12) } }],
  ])('is %s for %o', (reason, changes) => {
    expect(reasonOf(changes)).toBe(reason);
  });

  it('takes the event time from the history where the training set has none', () => {
    const trained = { value: 2n, timestamp: undefined };
    expect(reasonOf({ trained, history: { atLabel: cell(2n, -5) } })).toBe('BECAME_TRUE_AFTER_READ');
  });
});

describe('the counts of a comparison', () => {
  const feature = smallRegistry().entityType('shop', 'customer').features[1]!;
  const pair = (trained: RawValue | null, served: RawValue | null, status: FeatureCell['status'] = 'PRESENT') => ({
    entityId: '1',
    labelTime: T(0),
    trained: { value: trained, status: null, timestamp: undefined },
    served: { ...cell(served, -1, status), readAt: T(-1), valueType: 'DOUBLE' as const, definition: 'a' },
  });
  const count = (pairs: readonly SkewPair[], doubleTolerance = 0) => {
    const { equal, different, missingServed, missingTrained } = countSkew(feature, pairs, {
      doubleTolerance,
      examples: 5,
    });
    return [equal, different, missingServed, missingTrained];
  };

  it('compares values exactly: NaN equals itself, minus zero equals zero, and the last bit counts', () => {
    expect(count([pair(NaN, NaN), pair(-0, 0), pair([1, NaN], [1, NaN]), pair({ a: [1] }, { a: [1] })])).toEqual([
      4, 0, 0, 0,
    ]);
    expect(count([pair(0.1 + 0.2, 0.3), pair(1, 1n), pair(2n ** 53n, 2n ** 53n + 1n), pair([1], [1, 2])])).toEqual([
      0, 4, 0, 0,
    ]);
    expect(
      count([pair(new Uint8Array([1]), new Uint8Array([1])), pair(new Uint8Array([1]), new Uint8Array([2]))]),
    ).toEqual([1, 1, 0, 0]);
  });

  it('applies the tolerance to DOUBLEs alone, also in arrays, and never to what is not finite', () => {
    const pairs = [pair(1, 1.5), pair([1], [1.5]), pair(1, 1.6), pair(1n, 2n), pair(Infinity, -Infinity), pair(NaN, 1)];
    expect(count(pairs, 0.5)).toEqual([2, 4, 0, 0]);
  });

  it('takes a value that only one side has as missing, and an EXPIRED one that a client asked for as absent', () => {
    expect(
      count([pair(1, null, 'NULL'), pair(null, 1), pair(null, null, 'NOT_FOUND'), pair(null, 3, 'EXPIRED')]),
    ).toEqual([2, 0, 1, 1]);
  });
});

describe('the schema of a comparison', () => {
  it('has the reasons and matches of the service', () => {
    expect(Object.keys(SkewReasonEnum)).toEqual(SKEW_REASONS);
    expect(Object.keys(ServedMatchEnum) satisfies string[]).toEqual(['BEFORE', 'AROUND'] satisfies ServedMatch[]);
  });
});
