import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import type { RawValue } from '../../values/value-type.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../support/every-value-type.js';
import { testEntityType, type EntityTypeInput } from '../support/test-registry.js';
import type { OfflineStoreUnderTest } from './offline-store.contract.js';

const T = (seconds: number) => 1_000_000_000_000_000n + BigInt(Math.round(seconds * 1e6));

const row = (
  entityId: string,
  seconds: number,
  values: Readonly<Record<string, RawValue | null>>,
  created: number | null = null,
): FeatureRow => ({
  entityId,
  timestamp: T(seconds),
  createdTimestamp: created === null ? null : T(created),
  values: new Map(Object.entries(values)),
});

/** What every offline store must tell of the rows that decide a value, beside the property test of all rules. */
export function describeOfflineExplanations(name: string, open: () => Promise<OfflineStoreUnderTest>): void {
  describe(`explanations of the offline store: ${name}`, () => {
    let stores: OfflineStoreUnderTest;
    let made = 0;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(async () => stores.dispose());

    const setUp = async (rows: readonly FeatureRow[], input: Partial<EntityTypeInput> = {}) => {
      const entityType: EntityType = testEntityType({
        name: `explained_${(made += 1)}`,
        sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }],
        ...input,
      });
      const store = await stores.storeFor(entityType);
      await store.append(entityType.sources[0]!, rows);
      return { store, feature: entityType.features[0]!, features: entityType.features };
    };
    const valuesOf = (rows: readonly { readonly value: unknown }[]) => rows.map(({ value }) => value);

    it('gives back every value of every type as it was', async () => {
      const all = Object.entries(VALUES_OF_EVERY_TYPE).flatMap(([feature, values]) =>
        values.map((value, index) => ({ feature, value: value, entityId: `${feature} ${index}` })),
      );
      const { store, features } = await setUp(
        all.map(({ entityId, feature, value }) => row(entityId, 0, { [feature]: value })),
        { sources: [{ features: EVERY_VALUE_TYPE }] },
      );
      for (const [feature, ofFeature] of Map.groupBy(all, (one) => one.feature)) {
        const labels = ofFeature.map(({ entityId }) => ({ entityId, time: T(0) }));
        const read: Feature = features.find((candidate) => candidate.name === feature)!;
        const explained = await store.explain({ feature: read, labels, maxRows: 2 });
        expect(explained.map(({ CANDIDATE }) => CANDIDATE.rows[0]!.value)).toEqual(valuesOf(ofFeature));
      }
    });

    it('counts all rows of a class and shows the nearest first: of those that come too late, the earliest', async () => {
      const { store, feature } = await setUp(
        [1, 2, 3, 4, 5, 6, 7, 8].map((second) => row('x', second, { a: `${second}` })),
      );
      const [explained] = await store.explain({ feature, labels: [{ entityId: 'x', time: T(4) }], maxRows: 2 });
      expect([explained!.CANDIDATE.count, valuesOf(explained!.CANDIDATE.rows)]).toEqual([4n, ['4', '3']]);
      expect([explained!.AFTER_AS_OF.count, valuesOf(explained!.AFTER_AS_OF.rows)]).toEqual([4n, ['5', '6']]);
      expect(explained!.CANDIDATE.rows[0]).toMatchObject({ timestamp: T(4), createdTimestamp: null, sequence: null });
    });

    it('orders the rows of one time by their arrival', async () => {
      const { store, feature } = await setUp([row('x', 0, { a: 'first' }), row('x', 0, { a: 'second' })]);
      const [explained] = await store.explain({ feature, labels: [{ entityId: 'x', time: T(0) }], maxRows: 2 });
      const [second, first] = explained!.CANDIDATE.rows;
      expect([second!.value, first!.value]).toEqual(['second', 'first']);
      expect(second!.arrival! > first!.arrival!).toBe(true);
    });

    it('answers many labels at once, in their order, also twice the same and an unknown entity', async () => {
      const { store, feature } = await setUp([row('x', 0, { a: 'x' }), row('y', 0, { a: 'y' })]);
      const labels = ['y', 'nobody', 'x', 'y'].map((entityId) => ({ entityId, time: T(0) }));
      const explained = await store.explain({
        feature,
        labels: [...labels, { entityId: 'x', time: T(-1) }],
        maxRows: 2,
      });
      expect(explained.map(({ CANDIDATE }) => valuesOf(CANDIDATE.rows))).toEqual([['y'], [], ['x'], ['y'], []]);
      expect(explained.map(({ AFTER_AS_OF }) => AFTER_AS_OF.count)).toEqual([0n, 0n, 0n, 0n, 1n]);
    });

    it('keeps entities apart whose ids look alike', async () => {
      const { store, feature } = await setUp([row('1,11', 0, { a: 'one' }), row('11,1', 0, { a: 'other' })], {
        entityIdColumns: ['origin', 'destination'],
      });
      const labels = ['1,11', '11,1', '1,1', '11,11'].map((entityId) => ({ entityId, time: T(0) }));
      const explained = await store.explain({ feature, labels, maxRows: 2 });
      expect(explained.map(({ CANDIDATE }) => valuesOf(CANDIDATE.rows))).toEqual([['one'], ['other'], [], []]);
    });

    it('tells the rows that were written too late from those of an unknown creation time, which count as such', async () => {
      const { store, feature } = await setUp([
        row('x', 0, { a: 'early' }, 1),
        row('x', 0, { a: 'late' }, 5),
        row('x', 0, { a: 'unknown' }),
      ]);
      const labels = [{ entityId: 'x', time: T(9) }];
      const [explained] = await store.explain({ feature, labels, options: { knownAt: T(1) }, maxRows: 5 });
      expect(valuesOf(explained!.CANDIDATE.rows)).toEqual(['early']);
      expect(valuesOf(explained!.WRITTEN_AFTER_KNOWN_AT.rows)).toEqual(['late', 'unknown']);
    });

    it('skips nulls, or shows them as candidates in a dense entity type', async () => {
      const rows = [row('x', 0, { a: 'value' }), row('x', 1, { a: null })];
      for (const dense of [false, true]) {
        const { store, feature } = await setUp(rows, { dense });
        const [explained] = await store.explain({ feature, labels: [{ entityId: 'x', time: T(9) }], maxRows: 2 });
        expect(valuesOf(explained!.CANDIDATE.rows)).toEqual(dense ? [null, 'value'] : ['value']);
        expect(explained!.WITHOUT_VALUE.count).toBe(dense ? 0n : 1n);
      }
    });

    it('does not begin when its signal has aborted', async () => {
      const { store, feature } = await setUp([row('x', 0, { a: 'value' })]);
      const signal = AbortSignal.abort(new Error('not wanted any more'));
      const read = { feature, labels: [{ entityId: 'x', time: T(0) }], maxRows: 2, signal };
      await expect(store.explain(read)).rejects.toThrow('not wanted any more');
    });
  });
}
