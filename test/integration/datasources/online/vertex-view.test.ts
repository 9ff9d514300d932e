import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openVertexViewOnlineStore } from '../../../../datasources/online/vertex-view/vertex-view-online-store.js';
import type { EntityType, VertexFeatureViewSettings } from '../../../../datasources/registry/model.js';
import { VertexClients, type ClientOptions } from '../../../../datasources/google/vertex/vertex-clients.js';
import type { RawValue } from '../../../../values/value-type.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';
import { addView } from '../../../support/google/vertex-entity-types.js';
import { createWrite } from '../../../support/google/vertex-writes.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../../../support/google/vertex-world.js';
import { testEntityType, testRegistry, type EntityTypeInput } from '../../../support/test-registry.js';

const MINUTE = 60_000_000n;

let world: VertexWorld;
let made = 0;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  world = await startVertexWorld();
});
afterAll(() => world.server.stop());
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

function openStore(settings: Partial<VertexFeatureViewSettings> = {}, clock = () => NOW) {
  const store = openVertexViewOnlineStore(
    { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving', views: {}, usePreview: true, ...settings },
    clock,
    world.server.clientOptions,
  );
  opened.push(store);
  return store;
}

function thing(input: Partial<EntityTypeInput> = {}): EntityType {
  return testEntityType({
    name: `thing_${(made += 1)}`,
    sources: [{ features: ['a', 'b'].map((name) => ({ name, valueType: 'STRING' })) }],
    ...input,
  });
}

const statuses = (cells: readonly (readonly { status: string }[])[]) => cells.map((row) => row.map((c) => c.status));

describe('reading', () => {
  it.each(['city', 'City_v2'])('finds a feature of another column under the name %s', async (served) => {
    const name = `versioned_${served.toLowerCase()}`;
    const entityType = testRegistry({
      name: 'test',
      offlineStore: { kind: 'BIGQUERY', project: PLACE.project, dataset: 'shop', location: 'EU' },
      entityTypes: [{ name, sources: [{ features: [{ name: 'city', valueType: 'STRING', column: 'City_v2' }] }] }],
    }).entityType('test', name);
    const view = addView(world, entityType, { features: { [served]: 'STRING' } });
    view.values.put('["x"]', served, { value: 'stringValue', stringValue: 'Bern' }, NOW);
    const read = { entityType, entityIds: ['x'], features: entityType.features, now: NOW };
    expect(await openStore().read(read)).toMatchObject([[{ value: 'Bern', status: 'PRESENT' }]]);
  });

  it('reads many entities by one message of one stream, and says where the stream belongs', async () => {
    const [store, entityType] = [openStore(), thing()];
    const view = addView(world, entityType);
    const ids = Array.from({ length: 250 }, (_, index) => `e${index}`);
    await store.write(
      entityType,
      ids.map((entityId) => createWrite(entityType, entityId, NOW, { a: entityId })),
    );
    world.server.calls.length = 0;
    const cells = await store.read({ entityType, entityIds: ids, features: entityType.features.slice(0, 1), now: NOW });
    expect(cells.map(([cell]) => cell!.value)).toEqual(ids);
    const messages = world.server.callsOf('StreamingFetchFeatureValues');
    expect(messages.map(({ request }) => request.dataKeys.length)).toEqual([100, 100, 50]);
    expect(messages[0]!.metadata.get('x-goog-request-params')).toEqual([
      `feature_view=${encodeURIComponent(view.resource.name)}`,
    ]);
    expect(world.server.callsOf('FetchFeatureValues')).toEqual([]);
  });

  it('asks for one entity by the call that is generally available, in the format that keeps an INT64 whole', async () => {
    const [store, entityType] = [openStore(), thing()];
    addView(world, entityType);
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    world.server.calls.length = 0;
    await store.read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW });
    expect(world.server.calls.map(({ method, request }) => [method, request.dataFormat])).toEqual([
      ['FetchFeatureValues', 'KEY_VALUE'],
    ]);
  });

  it('asks for a composite id in its parts', async () => {
    const [store, entityType] = [openStore(), thing({ entityIdColumns: ['customer', 'page'] })];
    addView(world, entityType);
    const ids = ['1,11', '11,1', 'a%2Cb,c'];
    await store.write(
      entityType,
      ids.map((entityId) => createWrite(entityType, entityId, NOW, { a: entityId })),
    );
    for (const entityIds of [ids, ['a%2Cb,c']]) {
      const cells = await store.read({ entityType, entityIds, features: entityType.features, now: NOW });
      expect(cells.map(([cell]) => cell!.value)).toEqual(entityIds);
    }
    expect(world.server.calls.at(-1)!.request.dataKey.compositeKey.parts).toEqual(['a,b', 'c']);
  });

  it('reads an entity type from the view that the registry names', async () => {
    const entityType = thing();
    addView(world, { ...entityType, name: `${entityType.name}_v2` });
    const store = openStore({ views: { [entityType.name]: `${entityType.name}_v2` } });
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    const [cells] = await store.read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW });
    expect(cells![0]!.value).toBe('1');
  });

  it('carries every value of every type, but for lists of mixed elements in a STRUCT', async () => {
    const [store, entityType] = [openStore(), thing({ sources: [{ features: EVERY_VALUE_TYPE }] })];
    addView(world, entityType);
    const values = {
      ...VALUES_OF_EVERY_TYPE,
      struct: [{}, { a: 1.5, b: 'x', c: null, d: ['1', 'two'], e: { f: [true], g: [1, 2] }, h: [] }],
    };
    for (const [name, ofType] of Object.entries<readonly RawValue[]>(values)) {
      const feature = entityType.features.find((candidate) => candidate.name === name)!;
      await store.write(
        entityType,
        ofType.map((value, index) => createWrite(entityType, `${name}-${index}`, NOW - 1n, { [name]: value })),
      );
      const entityIds = ofType.map((_, index) => `${name}-${index}`);
      const cells = await store.read({ entityType, entityIds, features: [feature], now: NOW });
      expect(cells.map(([cell]) => cell!.value)).toEqual(ofType);
      expect(cells[0]![0]!.timestamp).toBe(NOW - 1n);
    }
    await expect(
      store.write(entityType, [createWrite(entityType, 'x', NOW, { struct: { list: [1, 'two'] } })]),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('does not take a value of another type for what the registry says', async () => {
    const entityType = thing({ sources: [{ features: [{ name: 'a', valueType: 'TIMESTAMP' }] }] });
    const view = addView(world, entityType, { features: { a: 'DOUBLE' } });
    view.values.put('["x"]', 'a', { value: 'doubleValue', doubleValue: 1.5 }, NOW);
    await expect(
      openStore().read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW }),
    ).rejects.toThrow('a TIMESTAMP came as doubleValue');
  });
});

describe('status and time', () => {
  it('is NULL for a feature without a value of an entity that the view has, and NOT_FOUND for one it has not', async () => {
    const [store, entityType] = [openStore(), thing()];
    addView(world, entityType);
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    for (const entityIds of [['x', 'nobody'], ['x'], ['nobody']]) {
      const cells = await store.read({ entityType, entityIds, features: entityType.features, now: NOW });
      expect(statuses(cells)).toEqual(
        entityIds.map((id) => (id === 'x' ? ['PRESENT', 'NULL'] : ['NOT_FOUND', 'NOT_FOUND'])),
      );
    }
  });

  it('takes the time of the newest row where values come without one of their own', async () => {
    const [store, entityType] = [openStore(), thing({ ttlSeconds: 60 })];
    addView(world, entityType, { givesValueTimes: false, servesRowTime: true });
    await store.write(entityType, [createWrite(entityType, 'x', NOW - 7n, { a: '1' })]);
    const read = (now: bigint) => store.read({ entityType, entityIds: ['x'], features: entityType.features, now });
    expect(await read(NOW)).toEqual([
      [
        { status: 'PRESENT', value: '1', timestamp: NOW - 7n },
        { status: 'NULL', value: null, timestamp: NOW - 7n },
      ],
    ]);
    expect(statuses(await read(NOW + MINUTE))).toEqual([['EXPIRED', 'EXPIRED']]);
  });

  it('has no time, and keeps no ttl, where the view gives none', async () => {
    const [store, entityType] = [openStore(), thing({ ttlSeconds: 60 })];
    addView(world, entityType, { givesValueTimes: false });
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    const [cells] = await store.read({ entityType, entityIds: ['x'], features: entityType.features, now: 2n * NOW });
    expect(cells![0]).toEqual({ status: 'PRESENT', value: '1', timestamp: null });
  });
});

describe('a fresh view', () => {
  const readNobody = async (syncedAt: bigint | null, clock = () => NOW) => {
    const entityType = thing();
    const view = addView(world, entityType, { syncedAt });
    const store = openStore({}, clock);
    const read = (entityIds = ['nobody']) =>
      store.read({ entityType, entityIds, features: entityType.features, now: NOW });
    return { entityType, view, store, read };
  };

  it('is unavailable, not empty, before its first sync', async () => {
    const { read } = await readNobody(null);
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(read(['nobody', 'no one'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is unavailable while its first sync is a moment ago, as the caches of the service may not know of it', async () => {
    const { read } = await readNobody(NOW - 4n * MINUTE);
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('says NOT_FOUND of entities some minutes after its first sync', async () => {
    const { read } = await readNobody(NOW - 5n * MINUTE);
    expect(statuses(await read())).toEqual([['NOT_FOUND', 'NOT_FOUND']]);
  });

  it('says NOT_FOUND of entities once it has served one', async () => {
    const { entityType, store, read } = await readNobody(NOW - MINUTE);
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    expect(statuses(await read(['x', 'nobody']))).toEqual([
      ['PRESENT', 'NULL'],
      ['NOT_FOUND', 'NOT_FOUND'],
    ]);
  });

  it('is unavailable also where the service refuses the whole stream', async () => {
    const { read } = await readNobody(null);
    world.server.faults.add('StreamingFetchFeatureValues', { kind: 'refuse', code: 'NOT_FOUND' });
    await expect(read(['nobody', 'no one'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('that is deleted is not taken for one without entities, once its last row is a minute ago', async () => {
    let now = NOW;
    const { entityType, view, store, read } = await readNobody(NOW - MINUTE, () => now);
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    await read(['x', 'nobody']);
    const { views } = [...world.views.onlineStores.values()].find((one) => one.views.has(view.resource.name))!;
    views.delete(view.resource.name);
    now += 61_000_000n;
    await expect(read(['x'])).rejects.toMatchObject({ code: 5 });
    await expect(read(['x', 'y'])).rejects.toMatchObject({ code: 5 });
  });

  it('is not taken for synced by a sync that failed', async () => {
    const { view, read } = await readNobody(null);
    world.views.addSync(view, { start: NOW - 60n * MINUTE, end: NOW - 50n * MINUTE, rows: 0, code: 7 });
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is asked for its syncs once in ten seconds, however many reads wait for it', async () => {
    let now = NOW;
    const { read } = await readNobody(null, () => now);
    world.server.calls.length = 0;
    await Promise.allSettled([read(), read(), read()]);
    expect(world.server.callsOf('ListFeatureViewSyncs')).toHaveLength(1);
    now += 11_000_000n;
    await Promise.allSettled([read()]);
    expect(world.server.callsOf('ListFeatureViewSyncs')).toHaveLength(2);
  });

  it('is taken to serve when the reader may not see its syncs', async () => {
    const { read } = await readNobody(NOW - MINUTE);
    world.server.faults.add('ListFeatureViewSyncs', { kind: 'refuse', code: 'PERMISSION_DENIED' });
    expect(statuses(await read())).toEqual([['NOT_FOUND', 'NOT_FOUND']]);
  });

  it.each([{ kind: 'hang' }, { kind: 'refuse', code: 'UNAVAILABLE' }, { kind: 'refuse', code: 'INTERNAL' }] as const)(
    'is taken to serve when its syncs cannot be asked for: $kind $code',
    async (fault) => {
      const { read } = await readNobody(NOW - MINUTE);
      world.server.faults.add('ListFeatureViewSyncs', fault, 100);
      onTestFinished(() => world.server.faults.clear());
      expect(statuses(await read())).toEqual([['NOT_FOUND', 'NOT_FOUND']]);
    },
  );

  it('is unavailable also where it takes a while to hear of its syncs', async () => {
    const { read } = await readNobody(null);
    world.server.faults.add('ListFeatureViewSyncs', { kind: 'delay', ms: 300 });
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('stays unavailable while nothing newer is heard of its syncs, until it serves an entity', async () => {
    let now = NOW;
    const { entityType, view, store, read } = await readNobody(null, () => now);
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    now += 11_000_000n;
    world.server.faults.add('ListFeatureViewSyncs', { kind: 'refuse', code: 'UNAVAILABLE' }, 100);
    onTestFinished(() => world.server.faults.clear());
    await expect(read()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    world.views.addSync(view, { start: NOW - MINUTE, end: NOW, rows: 1 });
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    await read(['x']);
    now += 61_000_000n;
    expect(statuses(await read())).toEqual([['NOT_FOUND', 'NOT_FOUND']]);
  });

  it('that does not exist is the operator’s fault, not something to try again', async () => {
    const entityType = thing();
    const failed = openStore().read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW });
    await expect(failed).rejects.toMatchObject({ code: 5 });
  });
});

describe('writing', () => {
  it('says where the stream belongs, as no client does it for a stream', async () => {
    const [store, entityType] = [openStore(), thing()];
    const view = addView(world, entityType);
    world.server.calls.length = 0;
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
    const [{ metadata } = { metadata: null }] = world.server.callsOf('FeatureViewDirectWrite');
    expect(metadata?.get('x-goog-request-params')).toEqual([`feature_view=${encodeURIComponent(view.resource.name)}`]);
  });

  it('refuses a row with nulls of a dense entity type, which would leave old values served', async () => {
    const [store, entityType] = [openStore(), thing({ dense: true })];
    addView(world, entityType);
    await expect(store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })])).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1', b: '2' })]);
  });

  it('refuses to delete', async () => {
    const [store, entityType] = [openStore(), thing()];
    await expect(store.delete(entityType, ['x'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('to a store of Optimized serving fails as the service does', async () => {
    world.views.addOnlineStore('optimized', { optimized: {} });
    const entityType = thing();
    world.views.addView('optimized', entityType.name, { features: { a: 'STRING' } });
    await expect(
      openStore({ featureOnlineStore: 'optimized' }).write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]),
    ).rejects.toMatchObject({ code: 9 });
  });
});

describe('a client without credentials', () => {
  it('fails the call and not the process, and is made anew for the next', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
    onTestFinished(() => void vi.unstubAllEnvs());
    const clients = new VertexClients('europe-west4');
    opened.push(clients);
    for (let calls = 0; calls < 2; calls += 1) await expect(clients.featureViews()).rejects.toThrow('nowhere');
  });
});

describe('the place', () => {
  it('is the region’s own endpoint', async () => {
    const { sslCreds } = world.server.clientOptions;
    const clients = new VertexClients('europe-west4', { sslCreds } as ClientOptions);
    opened.push(clients);
    for (const client of [await clients.featureViews(), await clients.featureOnlineStores()]) {
      // Its apiEndpoint says the global one whatever it was given; this is what it connects to.
      expect((client as any)._opts.servicePath).toBe('europe-west4-aiplatform.googleapis.com');
    }
  });

  it('of another region or project fails, and not as something to try again', async () => {
    const entityType = thing();
    const read = (settings: Partial<VertexFeatureViewSettings>) =>
      openStore(settings).read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW });
    await expect(read({ location: 'us-central1' })).rejects.toMatchObject({ code: 3 });
    await expect(read({ project: 'another' })).rejects.toMatchObject({ code: 7 });
  });

  it('is unhealthy when the online store is not there', async () => {
    expect(await openStore({ featureOnlineStore: 'gone' }).isHealthy()).toBe(false);
  });
});
