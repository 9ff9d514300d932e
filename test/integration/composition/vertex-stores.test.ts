import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { ShadowOnlineStore } from '../../../datasources/online/shadow/shadow-online-store.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { createShadowMetrics } from '../../../observability/shadow-metrics.js';
import { openStores } from '../../../composition/stores.js';
import { systemClock } from '../../../values/clock.js';
import { addLegacyEntityType, addView } from '../../support/google/vertex-entity-types.js';
import { createWrite } from '../../support/google/vertex-writes.js';
import { PLACE, startVertexWorld, VERTEX_NOW, type VertexWorld } from '../../support/google/vertex-world.js';
import { startTestGateway } from '../../support/test-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const where = `project: ${PLACE.project}, location: ${PLACE.location}`;
const REGISTRY = `
featurestores:
  - name: moving
    onlineStore: { kind: VERTEX_LEGACY, ${where}, featurestore: old_shop }
    shadow: { onlineStore: { kind: VERTEX_FEATURE_VIEW, ${where}, featureOnlineStore: serving }, share: 1 }
    entityTypes:
      - name: customer
        sources: [{ features: [{ name: orders, valueType: INT64 }, { name: city, valueType: STRING }] }]
  - name: here
    shadow: { onlineStore: { kind: VERTEX_FEATURE_VIEW, ${where}, featureOnlineStore: serving }, share: 1 }
    entityTypes:
      - name: number
        sources: [{ sql: numbers.sql, timestampColumn: moment, features: [{ name: square, valueType: INT64 }] }]
`;

let world: VertexWorld;
beforeAll(async () => {
  world = await startVertexWorld(systemClock);
});
afterAll(() => world.server.stop());

/** The stores of the registry above, over the local Vertex AI. */
async function opened() {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  writeFileSync(
    join(folder, 'numbers.sql'),
    "SELECT 'n' || i AS entity_id, TIMESTAMP '2001-01-01' AS moment, i * i AS square FROM range(10) AS numbers(i)",
  );
  const registry = await loadRegistry(join(folder, 'registry.yaml'));
  const metrics = new Metrics();
  const stores = await openStores(registry, join(folder, 'data'), {
    shadowReport: createShadowMetrics(metrics),
    vertexClient: world.server.clientOptions,
  });
  onTestFinished(() => stores.close());
  return { registry, stores, metrics };
}

it('serve from the legacy store, write to both, and compare', async () => {
  const { registry, stores, metrics } = await opened();
  const customer = registry.entityType('moving', 'customer');
  addLegacyEntityType(world, customer);
  const view = addView(world, customer);
  const store = stores.online(customer.featurestore) as ShadowOnlineStore;

  const now = systemClock();
  await store.write(customer, [createWrite(customer, 'c1', now, { orders: 2n ** 60n, city: 'Bern' })]);
  await store.settled();
  view.values.put('["c1"]', 'city', { value: 'stringValue', stringValue: 'Basel' }, now + 1n);

  const gateway = await startTestGateway(registry, { wrap: () => stores, clock: systemClock });
  onTestFinished(() => gateway.close());
  const { data, errors } = await gateway.ask(
    '{ moving { customer(entityId: "c1") { orders city } nobody: customer(entityId: "c2") { orders } } }',
  );
  expect(errors).toBeUndefined();
  expect(data.moving).toEqual({ customer: { orders: String(2n ** 60n), city: 'Bern' }, nobody: { orders: null } });

  await store.settled();
  const text = await metrics.metrics();
  const series = (feature: string, outcome: string) =>
    `featuregraph_shadow_comparisons_total{featurestore="moving",entity_type="customer",feature="${feature}",outcome="${outcome}"}`;
  expect(text).toContain(`${series('city', 'value')} 1`);
  expect(text).toContain(`${series('orders', 'equal')} 2`);
  expect(text).toContain('featuregraph_shadow_writes_total{featurestore="moving",result="written"} 1');
});

it('fill the store that serves, and leave its shadow to its own syncs', async () => {
  const { registry, stores } = await opened();
  const number = registry.entityType('here', 'number');
  const view = addView(world, number, { syncedAt: VERTEX_NOW });
  await stores.prepare(() => undefined);
  const cells = await stores
    .online(number.featurestore)
    .read({ entityType: number, entityIds: ['n3'], features: number.features, now: VERTEX_NOW });
  expect(cells[0]![0]!.value).toBe(9n);
  expect(view.values.versions.size).toBe(0);
});

it('are healthy while the stores that serve are, whatever their shadows are', async () => {
  const { stores } = await opened();
  world.server.faults.add('GetFeatureOnlineStore', { kind: 'refuse', code: 'UNAVAILABLE' }, 10);
  expect(await stores.isReady()).toBe(true);
  world.server.faults.clear();
});
