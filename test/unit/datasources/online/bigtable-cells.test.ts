import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cellMillis,
  decodeCell,
  encodeCell,
  endOfVersion,
} from '../../../../datasources/online/bigtable/cell-codec.js';
import { toCells } from '../../../../datasources/online/bigtable/conditional-write.js';
import { rowKey, rowPrefix } from '../../../../datasources/online/bigtable/row-key.js';
import { compareVersions, type ValueVersion } from '../../../../datasources/online/online-store.js';
import type { RawValue } from '../../../../values/value-type.js';
import { VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';
import { testEntityType } from '../../../support/test-registry.js';

const int64 = fc.option(
  fc.oneof(
    fc.bigInt({ min: -3n, max: 3n }),
    fc.constantFrom(-(2n ** 63n) + 1n, 2n ** 63n - 1n),
    fc.bigInt(-(2n ** 62n), 2n ** 62n),
  ),
);
const version: fc.Arbitrary<ValueVersion> = fc.record({ timestamp: int64, createdTimestamp: int64, sequence: int64 });
const value = fc.option(fc.constantFrom<RawValue>(...Object.values(VALUES_OF_EVERY_TYPE).flat()));

describe('a stored cell', () => {
  it('gives back its value and time, and is never 8 bytes long', () => {
    fc.assert(
      fc.property(version, value, (one, content) => {
        const bytes = encodeCell(one, content);
        expect(decodeCell(bytes)).toEqual({ timestamp: one.timestamp, value: content });
        expect(bytes.length).toBeGreaterThan(24);
      }),
    );
  });

  it('is ordered by its bytes as its version is, whatever the value', () => {
    fc.assert(
      fc.property(version, value, version, value, (one, oneValue, other, otherValue) => {
        const stored = encodeCell(other, otherValue);
        expect(Buffer.compare(stored, endOfVersion(one)) > 0).toBe(compareVersions(other, one) > 0);
        expect(encodeCell(one, oneValue).compare(endOfVersion(one))).toBe(-1);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    [null, 0],
    [0n, 0],
    [999n, 0],
    [1000n, 1],
    [-1n, 0],
    [-62_135_596_800_000_000n, 0],
    [1_000_000_000_000_999n, 1_000_000_000_000],
    [253_402_300_799_999_999n, 9_007_199_254_740],
  ])('of time %s has the cell time %s ms, of which the client keeps every digit', (timestamp, millis) => {
    expect(cellMillis(timestamp)).toBe(millis);
    expect(Number.isSafeInteger(new Date(millis).getTime() * 1000)).toBe(true);
  });
});

describe('the cells of several writes of an entity', () => {
  it('are one a column and millisecond, the newest of each', () => {
    const entityType = testEntityType({ name: 'thing', sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] });
    const writes = [5_001n, 5_002n, 5_000n, 6_000n].map((timestamp) => ({
      entityId: 'x',
      source: entityType.sources[0]!,
      version: { timestamp, createdTimestamp: null, sequence: null },
      values: new Map([['a', String(timestamp)]]),
    }));
    const cells = toCells(writes).filter(({ qualifier }) => qualifier === '=a');
    expect(cells.map(({ millis, value: kept }) => [millis, kept])).toEqual([
      [5, '5002'],
      [6, '6000'],
    ]);
  });
});

describe('a row key', () => {
  const [route, routeDay] = ['route', 'route_day'].map((name) =>
    testEntityType({ name, sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] }),
  );

  it('spreads ids that count upwards over all of its range', () => {
    const places = Array.from({ length: 2000 }, (_, index) => rowKey(route!, `${1_000_000 + index}`).split('/')[2]);
    expect(new Set(places).size).toBeGreaterThan(250);
    // No place takes much more than its share of consecutive ids.
    const most = Math.max(...[...Map.groupBy(places, (place) => place).values()].map(({ length }) => length));
    expect(most).toBeLessThan(30);
  });

  it('begins with its entity type’s prefix and with no other’s', () => {
    for (const entityId of ['_day/00/x', '/', 'x', '00/x', '\u0000']) {
      expect(rowKey(route!, entityId).startsWith(rowPrefix(route!))).toBe(true);
      expect(rowKey(route!, entityId).startsWith(rowPrefix(routeDay!))).toBe(false);
      expect(rowKey(routeDay!, entityId).startsWith(rowPrefix(route!))).toBe(false);
    }
  });

  it('of the longest id fits into Bigtable', () => {
    const longest = testEntityType({
      name: 'x'.repeat(60),
      sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }],
    });
    expect(Buffer.byteLength(rowKey(longest, 'ü'.repeat(750)))).toBeLessThan(4096);
  });
});
