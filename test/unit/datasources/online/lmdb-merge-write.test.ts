import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mergeWrite, replaceRow } from '../../../../datasources/online/lmdb/merge-write.js';
import { RowReader, type AnySlot } from '../../../../datasources/online/lmdb/row-codec.js';
import { encodeRow } from '../../../../datasources/online/lmdb/row-encoder.js';
import { SlotNumbers } from '../../../../datasources/online/lmdb/slot-numbers.js';
import type { OnlineWrite } from '../../../../datasources/online/online-store.js';
import type { FeatureSource } from '../../../../datasources/registry/model.js';
import { KeyedList, ListKeys } from '../../../../runtime/keyed-list.js';
import { openLmdb, transact } from '../../../../runtime/lmdb.js';
import { smallRegistry } from '../../../support/small-registry.js';

const folder = mkdtempSync(join(tmpdir(), 'featuregraph-merge-'));
const environment = openLmdb({ path: join(folder, 'lmdb'), maxDbs: 1 });
const numbers = new SlotNumbers(environment);
afterAll(async () => {
  await environment.close();
  rmSync(folder, { recursive: true });
});

const registry = smallRegistry();
const sources = registry.featurestores.flatMap(({ entityTypes }) => entityTypes.flatMap((type) => type.sources));

const keysOf = new Map<string, ListKeys<string>>();

/** Rows with the same features in the same order share their keys. */
function sharedKeys(names: readonly string[]): ListKeys<string> {
  const keys = keysOf.get(names.join()) ?? new ListKeys(names);
  keysOf.set(names.join(), keys);
  return keys;
}

function writesOf(source: FeatureSource): fc.Arbitrary<OnlineWrite> {
  const value = fc.constantFrom(null, null, 1n, 2.5, 'text');
  return fc.record({
    entityId: fc.constant('a'),
    source: fc.constant(source),
    version: fc.record({
      timestamp: fc.option(fc.bigInt({ min: 0n, max: 2n })),
      createdTimestamp: fc.option(fc.bigInt({ min: 0n, max: 1n })),
      sequence: fc.constant(null),
    }),
    values: fc
      .subarray(source.features.map(({ name }) => name))
      .chain((names) =>
        fc
          .array(value, { minLength: names.length, maxLength: names.length })
          .chain((values) =>
            fc.constantFrom(
              new Map(names.map((name, index) => [name, values[index]!] as const)),
              new KeyedList(sharedKeys(names), values),
            ),
          ),
      ),
  });
}

/** An entity type with a source, and the writes of one entity in its sources. */
const cases = fc.constantFrom(...sources).chain((source) => {
  const ofType = source.entityType.sources.map(writesOf);
  return fc.record({ before: fc.array(fc.oneof(...ofType), { maxLength: 2 }), write: writesOf(source) });
});

describe('a row that replaces the stored one', () => {
  it('has the bytes of a merge, and is not made where a merge keeps a stored value', async () => {
    let count = 0;
    await transact(environment, () => {
      fc.assert(
        fc.property(cases, ({ before, write }) => {
          const slots = new Map<number, AnySlot>();
          for (const earlier of before) mergeWrite(slots, earlier, numbers);
          const stored = before.length === 0 ? undefined : new RowReader(Buffer.from(encodeRow(slots)));
          // A copy: the next row has the same memory.
          const replaced = replaceRow(stored, write, numbers);
          const row = replaced && Buffer.from(replaced);
          const merged = stored?.slots() ?? new Map<number, AnySlot>();
          mergeWrite(merged, write, numbers);
          if (row === undefined) return;
          count += 1;
          expect(row).toEqual(encodeRow(merged));
        }),
        { numRuns: 2_000 },
      );
    });
    expect(count).toBeGreaterThan(200);
  });

  it('is made for a later row with all features, and for the first one', async () => {
    const source = registry.entityType('shop', 'customer').sources[0]!;
    const values = new Map(source.features.map(({ name }) => [name, 1n]));
    const at = (timestamp: bigint): OnlineWrite => ({
      entityId: 'a',
      source,
      version: { timestamp, createdTimestamp: null, sequence: null },
      values,
    });
    await transact(environment, () => {
      const first = Buffer.from(replaceRow(undefined, at(1n), numbers)!);
      expect(replaceRow(new RowReader(first), at(2n), numbers)).toBeDefined();
      expect(replaceRow(new RowReader(first), at(0n), numbers)).toBeUndefined();
    });
  });
});
