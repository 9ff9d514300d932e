import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  openVertexLegacyOnlineStore,
  type VertexLegacyOnlineStore,
} from '../../../../datasources/online/vertex-legacy/vertex-legacy-online-store.js';
import { addLegacyEntityType } from '../../../support/google/vertex-entity-types.js';
import { createWrite } from '../../../support/google/vertex-writes.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../../../support/google/vertex-world.js';
import { testEntityType, type EntityTypeInput } from '../../../support/test-registry.js';

let world: VertexWorld;
let store: VertexLegacyOnlineStore;
let made = 0;

beforeAll(async () => {
  world = await startVertexWorld();
  store = openStore('old_shop');
});
afterAll(async () => {
  await store.close();
  world.server.stop();
});

const openStore = (featurestore: string) =>
  openVertexLegacyOnlineStore({ kind: 'VERTEX_LEGACY', ...PLACE, featurestore }, () => NOW, world.server.clientOptions);

function thing(input: Partial<EntityTypeInput> = {}) {
  const entityType = testEntityType({
    name: `thing_${(made += 1)}`,
    sources: [{ features: ['a', 'b', 'c'].map((name) => ({ name, valueType: 'STRING' })) }],
    ...input,
  });
  addLegacyEntityType(world, entityType);
  return entityType;
}

it('reads a hundred entities a stream, the service’s limit', async () => {
  const entityType = thing();
  const ids = Array.from({ length: 250 }, (_, index) => `e${index}`);
  await store.write(
    entityType,
    ids.map((entityId) => createWrite(entityType, entityId, NOW, { a: entityId })),
  );
  world.server.calls.length = 0;
  const cells = await store.read({ entityType, entityIds: ids, features: entityType.features, now: NOW });
  expect(cells.map(([cell]) => cell!.value)).toEqual(ids);
  const sizes = world.server.callsOf('StreamingReadFeatureValues').map(({ request }) => request.entityIds.length);
  expect(sizes.toSorted()).toEqual([100, 100, 50]);
});

it('puts an entity together whose answer comes in several messages', async () => {
  const entityType = thing();
  await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1', b: '2', c: '3' })]);
  world.legacy.splitsAnswers = true;
  const [, b, c] = entityType.features;
  const read = store.read({ entityType, entityIds: ['x', 'y'], features: [c!, b!], now: NOW });
  const cells = await read.finally(() => (world.legacy.splitsAnswers = false));
  expect(cells.map((row) => row.map(({ value }) => value))).toEqual([
    ['3', '2'],
    [null, null],
  ]);
});

it('says NOT_FOUND of every feature without a value, whatever else is asked for', async () => {
  const entityType = thing();
  await store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })]);
  const cells = await store.read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW });
  expect(cells[0]!.map(({ status }) => status)).toEqual(['PRESENT', 'NOT_FOUND', 'NOT_FOUND']);
});

it('keeps an INT64 whole and a time to the microsecond', async () => {
  const entityType = thing({
    sources: [
      {
        features: [
          { name: 'count', valueType: 'INT64' },
          { name: 'seen', valueType: 'TIMESTAMP' },
        ],
      },
    ],
  });
  await store.write(entityType, [createWrite(entityType, 'x', NOW - 1n, { count: 9007199254740993n, seen: NOW - 3n })]);
  expect(await store.read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW })).toEqual([
    [
      { status: 'PRESENT', value: 9007199254740993n, timestamp: NOW - 1n },
      { status: 'PRESENT', value: NOW - 3n, timestamp: NOW - 1n },
    ],
  ]);
});

it('splits a write that is larger than a request may be', async () => {
  const entityType = thing();
  const ids = Array.from({ length: 30 }, (_, index) => `e${index}`);
  world.server.calls.length = 0;
  await store.write(
    entityType,
    ids.map((entityId) => createWrite(entityType, entityId, NOW, { a: entityId.padEnd(50_000, '.') })),
  );
  const requests = world.server.callsOf('WriteFeatureValues');
  expect(requests.length).toBeGreaterThan(1);
  expect(requests.flatMap(({ request }) => request.payloads.map(({ entityId }: any) => entityId))).toEqual(ids);
});

it('splits a write of more values than a request may have, however small they are', async () => {
  const names = Array.from({ length: 101 }, (_, index) => `f${index}`);
  const features = names.map((name) => ({ name, valueType: 'BOOL' as const }));
  const entityType = thing({ sources: [{ static: true, features }] });
  const values = Object.fromEntries(names.map((name) => [name, true]));
  world.server.calls.length = 0;
  await store.write(
    entityType,
    Array.from({ length: 1000 }, (_, index) => createWrite(entityType, `e${index}`, null, values)),
  );
  const sizes = world.server
    .callsOf('WriteFeatureValues')
    .map(({ request }) =>
      request.payloads.reduce((sum: number, one: any) => sum + Object.keys(one.featureValues).length, 0),
    );
  expect(sizes.reduce((sum, size) => sum + size)).toBe(101_000);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100_000);
});

it.each([
  ['1825 days ago', -1825n, true],
  ['366 days ahead', 366n, true],
  ['1826 days ago', -1826n, false],
  ['367 days ahead', 367n, false],
])('writes a value of %s, or none of the batch: %s days, %s', async (_, days, isTaken) => {
  const entityType = thing();
  world.server.calls.length = 0;
  const write = store.write(entityType, [
    createWrite(entityType, 'now', NOW, { a: '1' }),
    createWrite(entityType, 'then', NOW + days * 86_400_000_000n, { a: '2' }),
  ]);
  if (isTaken) await write;
  else await expect(write).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'timestamp' } });
  expect(world.server.callsOf('WriteFeatureValues')).toHaveLength(isTaken ? 1 : 0);
});

it('refuses a row with nulls of a dense entity type, and to delete', async () => {
  const entityType = thing({ dense: true });
  const refused = { code: 'BAD_USER_INPUT' };
  await expect(store.write(entityType, [createWrite(entityType, 'x', NOW, { a: '1' })])).rejects.toMatchObject(refused);
  await expect(store.delete(entityType, ['x'])).rejects.toMatchObject(refused);
});

it('fails where the featurestore has no serving nodes, and not as something to try again', async () => {
  world.legacy.addFeaturestore('no_nodes', { onlineServingConfig: { fixedNodeCount: 0 } });
  const entityType = thing();
  world.legacy.addEntityType('no_nodes', entityType.name, { features: { a: 'STRING', b: 'STRING', c: 'STRING' } });
  const idle = openStore('no_nodes');
  const read = idle.read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW });
  await expect(read.finally(() => idle.close())).rejects.toMatchObject({ code: 9 });
});

it('is unhealthy when the featurestore is gone', async () => {
  const gone = openStore('gone');
  expect(await gone.isHealthy()).toBe(false);
  await gone.close();
});
