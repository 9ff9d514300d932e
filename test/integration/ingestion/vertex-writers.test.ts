import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStores } from '../../../composition/stores.js';
import type { ShadowOnlineStore } from '../../../datasources/online/shadow/shadow-online-store.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { createShadowMetrics } from '../../../observability/shadow-metrics.js';
import { systemClock } from '../../../values/clock.js';
import { formatInstant } from '../../../values/instant.js';
import { addLegacyEntityType, addView } from '../../support/google/vertex-entity-types.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../../support/google/vertex-world.js';
import { startTestGateway } from '../../support/test-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Writes of clients where the online store is of Vertex AI: by direct write into a feature view, or into the legacy store. */
const where = `project: ${PLACE.project}, location: ${PLACE.location}`;
const VIEW = `{ kind: VERTEX_FEATURE_VIEW, ${where}, featureOnlineStore: serving }`;
const LEGACY = `{ kind: VERTEX_LEGACY, ${where}, featurestore: old_shop }`;
const DAY = 86_400_000_000n;

let world: VertexWorld;
let made = 0;
beforeAll(async () => {
  world = await startVertexWorld(systemClock);
});
afterEach(() => world.server.faults.clear());
afterAll(() => world.server.stop());

async function setUp(stores: string, dense = false) {
  const name = `customer_${(made += 1)}`;
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'registry.yaml'),
    `featurestores:
  - name: shop
    onlineStore: ${stores}
    entityTypes:
      - name: ${name}
        dense: ${dense}
        sources: [{ features: [{ name: orders, valueType: INT64 }, { name: city, valueType: STRING }] }]
`,
  );
  const registry = await loadRegistry(join(folder, 'registry.yaml'));
  const entityType = registry.entityType('shop', name);
  const opened = await openStores(registry, join(folder, 'data'), {
    shadowReport: createShadowMetrics(new Metrics()),
    vertexClient: world.server.clientOptions,
  });
  onTestFinished(() => opened.close());
  addLegacyEntityType(world, entityType);
  const view = addView(world, entityType);
  const gateway = await startTestGateway(registry, {
    wrap: () => opened,
    writers: opened.writers,
    clock: systemClock,
  });
  onTestFinished(() => gateway.close());
  const now = systemClock();
  const row = (entityId: string, daysAgo: number, values: Readonly<Record<string, unknown>>) => ({
    entityType: name,
    entityId,
    timestamp: formatInstant(now - BigInt(daysAgo) * DAY - 1n),
    values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
  });
  const write = (...rows: object[]) =>
    gateway.ask(
      `mutation ($input: WriteFeatureValuesInput!) {
        writeFeatureValues(input: $input) { written duplicates userErrors { row field code } } }`,
      { input: { featurestore: 'shop', rows } },
    );
  const written = async (...rows: object[]) => {
    const { data, errors } = await write(...rows);
    expect(errors).toBeUndefined();
    return data.writeFeatureValues;
  };
  const read = async (entityId: string, daysAgo?: number) => {
    const asOf = daysAgo === undefined ? null : formatInstant(now - BigInt(daysAgo) * DAY);
    const { data, errors } = await gateway.ask(
      `query ($id: ID!, $asOf: DateTime) {
        entity(featurestore: "shop", entityType: "${name}", entityId: $id, asOf: $asOf) {
          features(names: ["orders", "city"]) { value } } }`,
      { id: entityId, asOf },
    );
    expect(errors).toBeUndefined();
    return data.entity.features.map(({ value }: { value: unknown }) => value);
  };
  return { ...gateway, entityType, view, stores: opened, row, write, written, read };
}

describe.each([
  ['a feature view', VIEW, 'FeatureViewDirectWrite', 'VERTEX_FEATURE_VIEW'],
  ['the legacy store', LEGACY, 'WriteFeatureValues', 'VERTEX_LEGACY'],
] as const)('writes into %s', (_, stores, method, kind) => {
  it('are read at once, with and without asOf; a late row is history and no newer value', async () => {
    const { row, written, read } = await setUp(stores);
    expect(await written(row('a', 2, { orders: String(2n ** 60n), city: 'Bern' }))).toMatchObject({ written: 1 });
    expect(await read('a')).toEqual([String(2n ** 60n), 'Bern']);
    expect(await written(row('a', 9, { orders: '9', city: 'old' }), row('b', 1, { city: 'Chur' }))).toMatchObject({
      written: 2,
      userErrors: [],
    });
    expect(await read('a')).toEqual([String(2n ** 60n), 'Bern']);
    expect(await read('a', 5)).toEqual(['9', 'old']);
    expect(await read('a', 0)).toEqual([String(2n ** 60n), 'Bern']);
    expect((await read('b'))[1]).toBe('Chur');
  });

  it('find a repeated row a duplicate, and take a correction', async () => {
    const { row, written, read } = await setUp(stores);
    const first = row('a', 2, { orders: '1', city: 'Bern' });
    await written(first);
    expect(await written(first)).toMatchObject({ written: 0, duplicates: 1 });
    await written(row('a', 2, { orders: '2', city: 'Bern' }));
    expect(await read('a')).toEqual(['2', 'Bern']);
    expect(await read('a', 0)).toEqual(['2', 'Bern']);
  });

  it('refuse a null in a dense entity type by its path, and write the other rows', async () => {
    const { row, written, read } = await setUp(stores, true);
    const outcome = await written(row('a', 1, { orders: '1', city: null }), row('b', 1, { orders: '2', city: 'Chur' }));
    expect(outcome).toEqual({
      written: 1,
      duplicates: 0,
      userErrors: [{ row: 0, field: ['input', 'rows', '0', 'values', '1', 'feature'], code: 'BAD_USER_INPUT' }],
    });
    expect(await read('b')).toEqual(['2', 'Chur']);
    // The refused row is no history either.
    expect(await read('a', 0)).toEqual([null, null]);
  });

  it('fail in a way that can be repeated while Vertex AI is away', async () => {
    const { row, write, written, read } = await setUp(stores);
    world.server.faults.add(method, { kind: 'refuse', code: 'UNAVAILABLE' }, 100);
    const { data, errors } = await write(row('a', 1, { orders: '1', city: 'Bern' }));
    const code = errors?.[0]?.extensions.code ?? data.writeFeatureValues.userErrors[0]?.code;
    expect(code).toBe('STORE_UNAVAILABLE');
    world.server.faults.clear();
    expect(await written(row('a', 1, { orders: '1', city: 'Bern' }))).toMatchObject({ written: 1, userErrors: [] });
    expect(await read('a')).toEqual(['1', 'Bern']);
    expect(await read('a', 0)).toEqual(['1', 'Bern']);
  });

  it('are deleted from the history, and the answer says that the online store keeps its values', async () => {
    const { row, written, read, ask, entityType } = await setUp(stores);
    await written(row('a', 1, { orders: '1', city: 'Bern' }));
    const { data } = await ask(
      `mutation { deleteEntities(input: { featurestore: "shop", entityType: "${entityType.name}", entityIds: ["a"] }) {
        deleted remaining { store } userErrors { code } } }`,
    );
    expect(data.deleteEntities).toEqual({ deleted: 1, remaining: [{ store: kind }], userErrors: [] });
    expect(await read('a', 0)).toEqual([null, null]);
    expect(await read('a')).toEqual(['1', 'Bern']);
  });
});

it('a row whose time the legacy store does not take is refused by its path, before any store has it', async () => {
  const { row, written, read } = await setUp(LEGACY);
  const outcome = await written(row('a', 2000, { orders: '1' }), row('b', 1, { orders: '2' }));
  expect(outcome).toEqual({
    written: 1,
    duplicates: 0,
    userErrors: [{ row: 0, field: ['input', 'rows', '0', 'timestamp'], code: 'BAD_USER_INPUT' }],
  });
  expect((await read('b'))[0]).toBe('2');
  expect((await read('a', 0))[0]).toBeNull();
});

it('with a shadow, both stores get the rows of clients', async () => {
  const { row, written, entityType, view, stores } = await setUp(
    `${LEGACY}\n    shadow: { onlineStore: ${VIEW}, share: 0 }`,
  );
  await written(row('a', 2, { orders: '1', city: 'Bern' }), row('a', 9, { orders: '9', city: 'old' }));
  await (stores.online(entityType.featurestore) as ShadowOnlineStore).settled();
  const found = view.values.row('["a"]');
  expect([found?.get('orders')?.value.int64Value, found?.get('city')?.value.stringValue]).toEqual(['1', 'Bern']);
});
