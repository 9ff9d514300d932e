import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FillableOnlineStore, OnlineWrite } from '../../datasources/online/online-store.js';
import type { EntityType, FeatureSource } from '../../datasources/registry/model.js';
import { testEntityType, type EntityTypeInput } from '../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const IDS = ['kept', 'dropped', 'new'];

/** What every online store must keep that is filled from an offline one, and `describeOnlineStore` besides. */
export function describeFillableOnlineStore(
  name: string,
  open: () => Promise<{ readonly store: FillableOnlineStore; readonly dispose: () => Promise<void> }>,
): void {
  describe(`fillable online store: ${name}`, () => {
    let store: FillableOnlineStore;
    let dispose: () => Promise<void>;
    let made = 0;
    beforeAll(async () => {
      ({ store, dispose } = await open());
    });
    afterAll(async () => dispose());

    const features = ['a', 'b'].map((feature) => ({ name: feature, valueType: 'STRING' as const }));
    const entityTypeOf = (input: Partial<EntityTypeInput> = {}): EntityType =>
      testEntityType({
        name: `filled_${(made += 1)}`,
        sources: [{ sql: 'computed.sql', features }],
        ...input,
      });

    /** Fills with one row an entity: its values, and the time before now in microseconds. */
    const fill = async (
      entityType: EntityType,
      contents: string,
      rows: Record<string, [age: bigint, values: Record<string, string | null>]>,
    ) =>
      store.fill(entityType, {
        fingerprint: contents,
        expectedFill: await store.currentFill(entityType),
        readWrites: async function* (source) {
          for (const [entityId, [age, values]] of Object.entries(rows))
            yield [createWrite(source, entityId, age, values)];
        },
      });
    const read = async (entityType: EntityType) => {
      const rows = await store.read({ entityType, entityIds: IDS, features: entityType.features, now: NOW });
      return rows.map((row) => row.map(({ status, value }) => value ?? status));
    };

    it('is filled with nothing until it is, and then says with what, each entity type for itself', async () => {
      const entityType = entityTypeOf();
      const other = entityTypeOf({ name: `${entityType.name}_too` });
      expect(await store.currentFill(entityType)).toBeUndefined();
      expect(await fill(entityType, 'these', { kept: [1n, { a: '1' }] })).toBe(true);
      expect(await fill(other, 'those', {})).toBe(true);
      expect([await store.currentFill(entityType), await store.currentFill(other)]).toEqual(['these', 'those']);
      expect(await read(entityType)).toEqual([
        ['1', 'NULL'],
        ['NOT_FOUND', 'NOT_FOUND'],
        ['NOT_FOUND', 'NOT_FOUND'],
      ]);
    });

    it.each([false, true])('has what it is filled with and no more (dense: %s)', async (dense) => {
      const entityType = entityTypeOf({ dense });
      const other = entityTypeOf({ name: `${entityType.name}_too` });
      const before = { kept: [1n, { a: 'old', b: 'old' }], dropped: [1n, { a: 'old' }] } as const;
      for (const each of [entityType, other]) await fill(each, 'old', structuredClone(before) as never);
      // Older than what was there: what was computed anew counts, not what is newer.
      await fill(entityType, 'new', { kept: [5n, { a: 'new' }], new: [5n, { b: 'new' }] });
      expect(await read(entityType)).toEqual([
        ['new', 'NULL'],
        ['NOT_FOUND', 'NOT_FOUND'],
        ['NULL', 'new'],
      ]);
      expect(await store.currentFill(entityType)).toBe('new');
      expect((await read(other))[0]).toEqual(['old', 'old']);
    });

    it('is filled with nothing after a fill that did not come to its end, and can be filled again', async () => {
      const entityType = entityTypeOf();
      await fill(entityType, 'old', { kept: [1n, { a: 'old' }], dropped: [1n, { a: 'old' }] });
      const broken = store.fill(entityType, {
        fingerprint: 'new',
        expectedFill: 'old',
        readWrites: async function* (source) {
          yield [createWrite(source, 'kept', 0n, { a: 'half' })];
          throw new Error('the offline store broke');
        },
      });
      await expect(broken).rejects.toThrow('the offline store broke');
      expect(await store.currentFill(entityType)).toBeUndefined();
      expect(await fill(entityType, 'new', { kept: [1n, { a: 'new' }] })).toBe(true);
      expect([await store.currentFill(entityType), await read(entityType)]).toEqual([
        'new',
        [
          ['new', 'NULL'],
          ['NOT_FOUND', 'NOT_FOUND'],
          ['NOT_FOUND', 'NOT_FOUND'],
        ],
      ]);
    });

    it('fills each source of an entity type', async () => {
      const entityType = entityTypeOf({
        sources: [
          { name: 'first', sql: 'first.sql', features: features.slice(0, 1) },
          { name: 'second', sql: 'second.sql', features: features.slice(1) },
        ],
      });
      const bySource = async (first: string[], second: string[]) =>
        store.fill(entityType, {
          fingerprint: 'all',
          expectedFill: await store.currentFill(entityType),
          readWrites: async function* (source) {
            const [feature] = source.features;
            const ids = source.name === 'first' ? first : second;
            yield ids.map((entityId) => createWrite(source, entityId, 1n, { [feature!.name]: source.name }));
          },
        });
      await bySource(['kept', 'dropped'], ['kept', 'dropped']);
      await bySource(['kept'], ['dropped', 'new']);
      expect(await read(entityType)).toEqual([
        ['first', 'NOT_FOUND'],
        ['NOT_FOUND', 'second'],
        ['NOT_FOUND', 'second'],
      ]);
    });
  });
}

function createWrite(
  source: FeatureSource,
  entityId: string,
  age: bigint,
  values: Record<string, string | null>,
): OnlineWrite {
  return {
    entityId,
    source,
    version: { timestamp: NOW - age, createdTimestamp: null, sequence: null },
    values: new Map(Object.entries(values)),
  };
}
