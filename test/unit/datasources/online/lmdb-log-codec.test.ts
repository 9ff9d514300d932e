import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCommit, encodeCommit } from '../../../../datasources/online/lmdb/log-codec.js';
import type { OnlineWrite } from '../../../../datasources/online/online-store.js';
import { testRegistry } from '../../../support/test-registry.js';
import { VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';

const registry = testRegistry({
  name: 'shop',
  entityTypes: [
    {
      name: 'customer',
      sources: [
        { name: 'one', features: [{ name: 'a', valueType: 'INT64' }] },
        { name: 'two', features: [{ name: 'b', valueType: 'STRING' }] },
      ],
    },
  ],
});
const sources = registry.entityType('shop', 'customer').sources;

const write: fc.Arbitrary<OnlineWrite> = fc.record({
  entityId: fc.string({ minLength: 1, unit: 'binary' }),
  source: fc.constantFrom(...sources),
  version: fc.record({
    timestamp: fc.option(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n })),
    createdTimestamp: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    sequence: fc.constant(null),
  }),
  // The codec carries whatever values a row has, of any type, under any name.
  values: fc
    .dictionary(fc.string({ minLength: 1 }), fc.option(fc.constantFrom(...Object.values(VALUES_OF_EVERY_TYPE).flat())))
    .map((values) => new Map(Object.entries(values))),
});

describe('a commit of the log', () => {
  it('gives back every row in order, with its names, times and values', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 20 }), (rows) => {
        expect(decodeCommit(encodeCommit(rows))).toEqual(
          rows.map(({ entityId, source, version, values }) => ({
            featurestore: 'shop',
            entityType: 'customer',
            source: source.name,
            entityId,
            timestamp: version.timestamp,
            created: version.createdTimestamp,
            values,
          })),
        );
      }),
    );
  });

  it('of another format is refused, not misread', () => {
    expect(() => decodeCommit(Buffer.from([0x91, 0, 0, 0, 0]))).toThrow(/unknown format 145/);
  });
});
