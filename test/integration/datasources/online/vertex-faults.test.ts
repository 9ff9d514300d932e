import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OnlineStore } from '../../../../datasources/online/online-store.js';
import { openVertexLegacyOnlineStore } from '../../../../datasources/online/vertex-legacy/vertex-legacy-online-store.js';
import { openVertexViewOnlineStore } from '../../../../datasources/online/vertex-view/vertex-view-online-store.js';
import type { EntityType } from '../../../../datasources/registry/model.js';
import { addLegacyEntityType, addView } from '../../../support/google/vertex-entity-types.js';
import type { StoredValues } from '../../../support/google/vertex/stored-values.js';
import { createWrite } from '../../../support/google/vertex-writes.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../../../support/google/vertex-world.js';
import { testEntityType } from '../../../support/test-registry.js';

/** What breaks on the way to Vertex AI, and what must hold all the same: no value lost, none doubled, none made up. */

let world: VertexWorld;
let made = 0;

beforeAll(async () => {
  world = await startVertexWorld();
});
afterEach(() => world.server.faults.clear());
afterAll(() => world.server.stop());

interface Subject {
  readonly name: string;
  readonly readMethod: string;
  readonly writeMethod: string;
  readonly singleReadMethod: string;
  readonly open: () => OnlineStore;
  readonly prepare: (entityType: EntityType) => StoredValues;
}

const SUBJECTS: Subject[] = [
  {
    name: 'a feature view',
    readMethod: 'StreamingFetchFeatureValues',
    singleReadMethod: 'FetchFeatureValues',
    writeMethod: 'FeatureViewDirectWrite',
    open: () =>
      openVertexViewOnlineStore(
        { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving', views: {}, usePreview: true },
        () => NOW,
        world.server.clientOptions,
      ),
    prepare: (entityType) => addView(world, entityType).values,
  },
  {
    name: 'a legacy featurestore',
    readMethod: 'StreamingReadFeatureValues',
    singleReadMethod: 'ReadFeatureValues',
    writeMethod: 'WriteFeatureValues',
    open: () =>
      openVertexLegacyOnlineStore(
        { kind: 'VERTEX_LEGACY', ...PLACE, featurestore: 'old_shop' },
        () => NOW,
        world.server.clientOptions,
      ),
    prepare: (entityType) => addLegacyEntityType(world, entityType).values,
  },
];

describe.each(SUBJECTS)('$name', ({ open, prepare, readMethod, singleReadMethod, writeMethod }) => {
  let store: OnlineStore;
  beforeAll(() => {
    store = open();
  });
  afterAll(async () => store.close());

  const ids = ['w', 'x', 'y', 'z'];
  const start = () => {
    const entityType = testEntityType({
      name: `thing_${(made += 1)}`,
      sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }],
    });
    const stored = prepare(entityType);
    const write = () =>
      store.write(
        entityType,
        ids.map((entityId) => createWrite(entityType, entityId, NOW, { a: entityId })),
      );
    const read = async () =>
      (await store.read({ entityType, entityIds: ids, features: entityType.features, now: NOW })).map(
        ([cell]) => cell!.value,
      );
    return { entityType, stored, write, read };
  };

  for (const code of ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'ABORTED'] as const) {
    it(`tries a read again after ${code}`, async () => {
      const { write, read } = start();
      await write();
      world.server.faults.add(readMethod, { kind: 'refuse', code }, 2);
      expect(await read()).toEqual(ids);
    });

    it(`writes each value once when the answer is lost with ${code}`, async () => {
      const { stored, write, read } = start();
      world.server.faults.add(writeMethod, { kind: 'loseAnswer', code }, 2);
      await write();
      expect(await read()).toEqual(ids);
      expect(stored.versions.size).toBe(ids.length);
    });
  }

  it('gives up on a read that is unavailable for good, and names no resource to the client', async () => {
    const { read } = start();
    world.server.faults.add(readMethod, { kind: 'refuse', code: 'UNAVAILABLE' }, 100);
    await expect(read()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'The online store of featurestore "test" did not answer. Try again.',
    });
  });

  it('gives up on a server that never answers', async () => {
    const { read } = start();
    world.server.faults.add(readMethod, { kind: 'hang' }, 100);
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('gives up on many calls that are each in time and late together', async () => {
    const { entityType } = start();
    const entityIds = Array.from({ length: 80 }, (_, index) => `e${index}`);
    world.server.faults.add(readMethod, { kind: 'endAfter', messages: 1 });
    world.server.faults.add(singleReadMethod, { kind: 'delay', ms: 900 }, 100);
    world.server.calls.length = 0;
    const read = store.read({ entityType, entityIds, features: entityType.features, now: NOW });
    await expect(read).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(world.server.callsOf(singleReadMethod).length).toBeLessThan(70);
  });

  it('does not acknowledge a write that was never confirmed', async () => {
    const { write } = start();
    world.server.faults.add(writeMethod, { kind: 'loseAnswer', code: 'UNAVAILABLE' }, 100);
    await expect(write()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('does not try again what can only fail', async () => {
    const { write, read } = start();
    await write();
    world.server.faults.add(readMethod, { kind: 'refuse', code: 'PERMISSION_DENIED' });
    await expect(read()).rejects.toMatchObject({ code: 7 });
    expect(await read()).toEqual(ids);
  });

  it('waits for a slow answer', async () => {
    const { write, read } = start();
    await write();
    world.server.faults.add(readMethod, { kind: 'delay', ms: 300 });
    expect(await read()).toEqual(ids);
  });

  it('asks for the rest when a stream ends early as if all were said', async () => {
    const { write, read } = start();
    await write();
    world.server.faults.add(readMethod, { kind: 'endAfter', messages: 2 });
    world.server.calls.length = 0;
    expect(await read()).toEqual(ids);
    expect(world.server.callsOf(singleReadMethod).length).toBeGreaterThan(0);
  });

  it('reads on when a stream breaks in the middle', async () => {
    const { write, read } = start();
    await write();
    world.server.faults.add(readMethod, { kind: 'breakAfter', messages: 2, code: 'UNAVAILABLE' });
    expect(await read()).toEqual(ids);
  });
});

describe('a stream of a feature view', () => {
  const [view] = SUBJECTS as [Subject];
  let store: OnlineStore;
  beforeAll(() => {
    store = view.open();
  });
  afterAll(async () => store.close());

  const ids = ['w', 'x', 'y', 'z'];
  const start = async () => {
    const entityType = testEntityType({
      name: `thing_${(made += 1)}`,
      sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }],
    });
    const stored = view.prepare(entityType);
    const writes = ids.map((entityId) => createWrite(entityType, entityId, NOW, { a: entityId }));
    const read = async () =>
      (await store.read({ entityType, entityIds: ids, features: entityType.features, now: NOW })).map(
        ([cell]) => cell!.value,
      );
    return { entityType, stored, writes, read };
  };

  it('asks again only for the keys that were refused for a moment', async () => {
    const { entityType, writes, read } = await start();
    await store.write(entityType, writes);
    world.server.faults.add(view.readMethod, { kind: 'refuseKeys', keys: ['x'], code: 'UNAVAILABLE' });
    world.server.calls.length = 0;
    expect(await read()).toEqual(ids);
    const asked = world.server.callsOf(view.readMethod).map(({ request }) => request.dataKeys.map((k: any) => k.key));
    expect(asked).toEqual([ids, ['x']]);
  });

  it('writes again only what was not confirmed', async () => {
    const { entityType, stored, writes, read } = await start();
    world.server.faults.add(view.writeMethod, { kind: 'refuseKeys', keys: ['x', 'z'], code: 'RESOURCE_EXHAUSTED' });
    world.server.calls.length = 0;
    await store.write(entityType, writes);
    const sent = world.server
      .callsOf(view.writeMethod)
      .map(({ request }) => request.dataKeyAndFeatureValues.map((k: any) => k.dataKey.key));
    expect(sent).toEqual([ids, ['x', 'z']]);
    expect(await read()).toEqual(ids);
    expect(stored.versions.size).toBe(ids.length);
  });

  it('writes again what a stream that ended early did not confirm', async () => {
    const { entityType, writes, read } = await start();
    world.server.faults.add(view.writeMethod, { kind: 'endAfter', messages: 1 });
    await store.write(entityType, writes);
    expect(await read()).toEqual(ids);
  });

  it('keeps the others and says so when one entity is refused for good', async () => {
    const { entityType, writes, read } = await start();
    world.server.faults.add(view.writeMethod, { kind: 'refuseKeys', keys: ['x'], code: 'PERMISSION_DENIED' });
    await expect(store.write(entityType, writes)).rejects.toMatchObject({ code: 7 });
    expect(await read()).toEqual(['w', null, 'y', 'z']);
  });

  it('gives way to one request an entity, for good, where the preview is not to be had', async () => {
    const { entityType, writes, read } = await start();
    const without = view.open();
    await without.write(entityType, writes);
    world.server.faults.add(view.readMethod, { kind: 'refuse', code: 'UNIMPLEMENTED' });
    const readWithout = () => without.read({ entityType, entityIds: ids, features: entityType.features, now: NOW });
    expect((await readWithout()).map(([cell]) => cell!.value)).toEqual(ids);
    world.server.calls.length = 0;
    await readWithout();
    expect(world.server.calls.map(({ method }) => method)).toEqual(ids.map(() => 'FetchFeatureValues'));
    await without.close();
    expect(await read()).toEqual(ids);
  });
});
