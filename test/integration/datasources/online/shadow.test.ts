import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LmdbOnlineStore } from '../../../../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineStore } from '../../../../datasources/online/online-store.js';
import { ShadowOnlineStore, type ShadowOptions } from '../../../../datasources/online/shadow/shadow-online-store.js';
import { openVertexViewOnlineStore } from '../../../../datasources/online/vertex-view/vertex-view-online-store.js';
import type { EntityType } from '../../../../datasources/registry/model.js';
import { createShadowMetrics } from '../../../../observability/shadow-metrics.js';
import { addView } from '../../../support/google/vertex-entity-types.js';
import { createWrite } from '../../../support/google/vertex-writes.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../../../support/google/vertex-world.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { testEntityType } from '../../../support/test-registry.js';

/** LMDB serves; the shadow is a Vertex AI feature view. */
let world: VertexWorld;
let folder: string;
let serving: LmdbOnlineStore;
let view: OnlineStore;
let registry: Registry;
let entityType: EntityType;
let made = 0;

beforeAll(async () => {
  world = await startVertexWorld();
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-shadow-'));
  serving = new LmdbOnlineStore(folder);
  view = openVertexViewOnlineStore(
    { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving', views: {}, usePreview: true },
    () => NOW,
    world.server.clientOptions,
  );
});
afterAll(async () => {
  await view.close();
  await serving.close();
  await rm(folder, { recursive: true });
  world.server.stop();
});
beforeEach(() => {
  world.server.faults.clear();
  registry = new Registry();
  entityType = testEntityType({
    name: `thing_${(made += 1)}`,
    sources: [{ features: ['a', 'b'].map((name) => ({ name, valueType: 'STRING' })) }],
  });
  addView(world, entityType);
});

const shadowed = (options: Partial<ShadowOptions> = {}, shadow: OnlineStore = view, first: OnlineStore = serving) =>
  new ShadowOnlineStore(first, shadow, {
    share: 1,
    report: createShadowMetrics(registry),
    random: () => 0.5,
    maxConcurrent: 4,
    timeoutMs: 10_000,
    maxQueued: 100,
    drainTimeoutMs: 10_000,
    treatAbsentAsEqual: false,
    ...options,
  });

const read = async (store: OnlineStore, entityIds = ['x']) =>
  (await store.read({ entityType, entityIds, features: entityType.features, now: NOW })).map((row) =>
    row.map(({ value }) => value),
  );

/** The counters that are not zero, without the labels that are the same everywhere. */
async function counted(): Promise<Record<string, number>> {
  const metrics = await registry.getMetricsAsJSON();
  return Object.fromEntries(
    metrics.flatMap(({ name, values }) =>
      values.map(({ labels, value }) => {
        const { feature, outcome, result } = labels as Record<string, string>;
        const short = name.replace(/^featuregraph_shadow_|_total$/g, '');
        return [[short, feature, outcome ?? result].filter(Boolean).join(' '), value];
      }),
    ),
  );
}

it('serves from one store and counts, feature by feature, where the other differs', async () => {
  await serving.write(entityType, [
    createWrite(entityType, 'same', NOW, { a: '1', b: '2' }),
    createWrite(entityType, 'other value', NOW, { a: '1', b: '2' }),
    createWrite(entityType, 'other time', NOW, { a: '1', b: '2' }),
    createWrite(entityType, 'not there', NOW, { a: '1', b: '2' }),
  ]);
  await view.write(entityType, [
    createWrite(entityType, 'same', NOW, { a: '1', b: '2' }),
    createWrite(entityType, 'other value', NOW, { a: '1', b: 'another' }),
    createWrite(entityType, 'other time', NOW - 1n, { a: '1' }),
    createWrite(entityType, 'other time', NOW, { b: '2' }),
  ]);
  const store = shadowed();
  const answer = await read(store, ['same', 'other value', 'other time', 'not there']);
  expect(answer).toEqual([1, 2, 3, 4].map(() => ['1', '2']));
  await store.settled();
  expect(await counted()).toEqual({
    'comparisons a equal': 2,
    'comparisons a timestamp': 1,
    'comparisons a status': 1,
    'comparisons b equal': 2,
    'comparisons b value': 1,
    'comparisons b status': 1,
    'reads compared': 1,
  });
});

it('names a series after the registry', async () => {
  const store = shadowed();
  await read(store);
  await store.settled();
  expect(await registry.metrics()).toContain(
    `featuregraph_shadow_comparisons_total{featurestore="test",entity_type="${entityType.name}",feature="a",outcome="equal"} 1`,
  );
});

it('serves when the shadow never answers, asks no more of it than is allowed at once, and counts what it leaves out', async () => {
  await serving.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1', b: '2' })]);
  const asked: (() => void)[] = [];
  const hanging: OnlineStore = {
    ...emptyStore,
    read: () => new Promise((_, reject) => asked.push(() => reject(new Error('late')))),
  };
  const store = shadowed({ maxConcurrent: 4 }, hanging);
  for (let reads = 0; reads < 10; reads += 1) expect(await read(store)).toEqual([['1', '2']]);
  expect(await counted()).toEqual({ 'reads dropped': 6 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(4);
  for (const fail of asked) fail();
  await store.settled();
  expect(await counted()).toEqual({ 'reads dropped': 6, 'reads failed': 4 });
});

it('gives the place of a shadow read that takes too long to another', async () => {
  const hanging: OnlineStore = { ...emptyStore, read: () => new Promise(() => undefined) };
  const store = shadowed({ maxConcurrent: 1, timeoutMs: 20 }, hanging);
  await read(store);
  await store.settled();
  await read(store);
  await store.settled();
  expect(await counted()).toEqual({ 'reads failed': 2 });
});

it('does not ask the shadow before the answer has gone out', async () => {
  let isAsked = false;
  const watching: OnlineStore = {
    ...emptyStore,
    read: () => {
      isAsked = true;
      return Promise.reject(new Error('no'));
    },
  };
  const store = shadowed({}, watching);
  await read(store);
  expect(isAsked).toBe(false);
  await store.settled();
  expect(isAsked).toBe(true);
});

it('compares the share of reads that it is told', async () => {
  const drawn = [0, 0.24, 0.25, 0.9];
  const store = shadowed({ share: 0.25, random: () => drawn.shift()! });
  for (let reads = 0; reads < 4; reads += 1) await read(store);
  await store.settled();
  expect((await counted())['reads compared']).toBe(2);
});

it('fails where the serving store fails, and asks nothing of the shadow', async () => {
  const failing: OnlineStore = { ...emptyStore, read: () => Promise.reject(new Error('serving')) };
  const store = shadowed({}, view, failing);
  await expect(read(store)).rejects.toThrow('serving');
  await store.settled();
  expect(await counted()).toEqual({});
});

it('writes to both, acknowledges with the serving one, and counts what the shadow did not take', async () => {
  const store = shadowed();
  await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1', b: '2' })]);
  await store.settled();
  expect(await read(view)).toEqual([['1', '2']]);
  world.server.faults.add('FeatureViewDirectWrite', { kind: 'refuse', code: 'PERMISSION_DENIED' });
  await store.write(entityType, [createWrite(entityType, 'x', NOW + 1n, { a: 'new' })]);
  expect(await read(serving)).toEqual([['new', '2']]);
  await store.settled();
  expect(await counted()).toEqual({ 'writes written': 1, 'writes failed': 1 });
});

it('does not write to the shadow what the serving store refused', async () => {
  const failing: OnlineStore = { ...emptyStore, write: () => Promise.reject(new Error('serving')) };
  const store = shadowed({}, view, failing);
  await expect(store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })])).rejects.toThrow('serving');
  await store.settled();
  expect(await read(view)).toEqual([[null, null]]);
});

describe('changes of the shadow', () => {
  /** Notes what it was told, and ends each call when the test lets it. */
  function slowStore() {
    const told: string[] = [];
    const waiting: { end: () => void; fail: () => void }[] = [];
    const call = (what: string) => {
      told.push(what);
      return new Promise<void>((end, reject) => waiting.push({ end, fail: () => reject(new Error('no')) }));
    };
    const store: OnlineStore = {
      ...emptyStore,
      write: (_, writes) => call(`write ${writes.map(({ entityId }) => entityId).join(' ')}`),
      delete: (_, ids) => call(`delete ${ids.join(' ')}`),
    };
    return { store, told, waiting };
  }
  const writeOne = (store: OnlineStore, id: string) =>
    store.write(entityType, [createWrite(entityType, id, NOW, { a: id })]);

  it('come in the order in which they were taken: a delete never overtakes the write before it', async () => {
    const { store: slow, told, waiting } = slowStore();
    const store = shadowed({}, slow, emptyStore);
    await writeOne(store, 'x');
    await expect.poll(() => told).toEqual(['write x']);
    await store.delete(entityType, ['x']);
    for (const id of ['y', 'z']) await writeOne(store, id);
    expect(told).toEqual(['write x']);
    const expected = ['write x', 'delete x', 'write y z'];
    for (const last of expected) {
      await expect.poll(() => told.at(-1)).toBe(last);
      waiting.shift()!.end();
    }
    await store.settled();
    expect(told).toEqual(expected);
    expect(await counted()).toEqual({ 'writes written': 3, 'deletes deleted': 1 });
  });

  it('of one entity type do not wait for those of another', async () => {
    const { store: slow, told, waiting } = slowStore();
    const store = shadowed({}, slow, emptyStore);
    await writeOne(store, 'x');
    const other = testEntityType({ name: 'other', sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] });
    await store.delete(other, ['y']);
    await expect.poll(() => told).toEqual(['write x', 'delete y']);
    for (const call of waiting) call.end();
    await store.settled();
  });

  it('are not kept out by reads, of which none ends', async () => {
    const { store: slow, told, waiting } = slowStore();
    const store = shadowed({ maxConcurrent: 1 }, { ...slow, read: () => new Promise(() => undefined) }, emptyStore);
    await read(store);
    await store.delete(entityType, ['x']);
    await expect.poll(() => told).toEqual(['delete x']);
    for (const call of waiting) call.end();
    await expect.poll(counted).toEqual({ 'deletes deleted': 1 });
  });

  it('that are too many are dropped and counted, deletes by themselves: the shadow still has what was erased', async () => {
    const { store: slow, told, waiting } = slowStore();
    const store = shadowed({ maxQueued: 2 }, slow, emptyStore);
    for (const id of ['x', 'y', 'z']) await writeOne(store, id);
    await store.delete(entityType, ['x']);
    expect(await counted()).toEqual({ 'writes dropped': 1, 'deletes dropped': 1 });
    await expect.poll(() => told).toEqual(['write x y']);
    waiting.shift()!.end();
    await store.settled();
    await store.delete(entityType, ['x']);
    await expect.poll(() => told).toHaveLength(2);
    waiting.shift()!.fail();
    await store.settled();
    expect(await counted()).toMatchObject({ 'writes written': 2, 'deletes dropped': 1, 'deletes failed': 1 });
    expect(await registry.metrics()).toContain(
      `featuregraph_shadow_deletes_total{featurestore="test",entity_type="${entityType.name}",result="failed"} 1`,
    );
  });

  it('are waited for at a close only as long as it may take; those not begun are dropped', async () => {
    const { store: slow, told } = slowStore();
    const store = shadowed({ drainTimeoutMs: 20 }, slow, emptyStore);
    await writeOne(store, 'x');
    await expect.poll(() => told).toEqual(['write x']);
    await store.delete(entityType, ['x']);
    await store.close();
    expect(await counted()).toEqual({ 'deletes dropped': 1 });
    expect(told).toEqual(['write x']);
  });
});

it('waits for what is under way before it closes, and closes both', async () => {
  const own = new LmdbOnlineStore(temporaryFolder());
  const events: string[] = [];
  const slow: OnlineStore = {
    ...emptyStore,
    read: async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      events.push('compared');
      return [[]];
    },
    close: async () => void events.push('closed'),
  };
  const store = shadowed({}, slow, own);
  await store.read({ entityType, entityIds: ['x'], features: [], now: NOW });
  await store.close();
  expect(events).toEqual(['compared', 'closed']);
});

/** For the tests in which the shadow does what no real store can be made to do. */
const emptyStore: OnlineStore = {
  maxEntityIdsPerRead: 1000,
  read: async () => [],
  write: async () => undefined,
  delete: async () => undefined,
  isHealthy: async () => true,
  close: async () => undefined,
};
