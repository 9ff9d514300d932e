import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVertexRegistry } from '../../datasources/registry/vertex/read-vertex-registry.js';
import { parseTableUri, type TableColumn } from '../../datasources/registry/vertex/table-schema.js';
import { VertexClients } from '../../datasources/vertex/vertex-clients.js';
import { BIGTABLE } from '../support/google/vertex/feature-views.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../support/google/vertex-world.js';

let world: VertexWorld;
let clients: VertexClients;

beforeAll(async () => {
  world = await startVertexWorld();
  clients = new VertexClients(PLACE.location, world.server.clientOptions);
});
afterAll(async () => {
  await clients.close();
  world.server.stop();
});

const column = (name: string, type: string, mode?: string): TableColumn => ({ name, type, ...(mode ? { mode } : {}) });

const TABLES: Record<string, TableColumn[]> = {
  'demo-project.shop.orders': [
    column('entity_id', 'STRING'),
    column('feature_timestamp', 'TIMESTAMP'),
    column('orders_7d', 'INTEGER'),
    column('mean_basket', 'FLOAT'),
    column('last_order', 'TIMESTAMP'),
    column('cities', 'STRING', 'REPEATED'),
    column('price', 'NUMERIC'),
    column('renamed_v2', 'STRING'),
  ],
  'demo-project.shop.profiles': [column('entity_id', 'STRING'), column('is_member', 'BOOLEAN')],
  'demo-project.shop.visits': [
    column('customer', 'STRING'),
    column('page', 'STRING'),
    column('feature_timestamp', 'TIMESTAMP'),
    column('seconds', 'FLOAT64'),
    column('thumbnail', 'BYTES'),
    column('day', 'DATE'),
  ],
};
const tableSchema = async (project: string, dataset: string, table: string) =>
  TABLES[`${project}.${dataset}.${table}`] ?? [];

const bigQuery = (table: string, fields: object = {}) => ({
  bigQuery: { bigQuerySource: { inputUri: `bq://demo-project.shop.${table}` }, ...fields },
});

describe('reading a feature online store', () => {
  beforeAll(() => {
    world.views.addOnlineStore('shop', { ...BIGTABLE, labels: { team: 'sales' } });
    world.views.addFeatureGroup('orders', { ...bigQuery('orders', { dense: true }), description: 'What was bought.' }, [
      { id: 'orders_7d', description: 'Orders of a week.', pointOfContact: 'sales@example.com', labels: { unit: 'n' } },
      { id: 'mean_basket' },
      { id: 'last_order' },
      { id: 'cities' },
      { id: 'price' },
      { id: 'renamed', versionColumnName: 'renamed_v2' },
    ]);
    world.views.addFeatureGroup('profiles', bigQuery('profiles', { dense: true, staticDataSource: true }), [
      { id: 'is_member' },
    ]);
    world.views.addView('shop', 'customer', {
      features: {},
      resource: {
        syncConfig: { cron: 'CRON_TZ=Europe/Berlin 0 * * * *' },
        featureRegistrySource: {
          featureGroups: [
            {
              featureGroupId: 'orders',
              featureIds: ['orders_7d', 'mean_basket', 'last_order', 'cities', 'price', 'renamed', 'gone'],
            },
            { featureGroupId: 'profiles', featureIds: ['is_member'] },
          ],
        },
      },
    });
    world.views.addView('shop', 'visit', {
      features: {},
      resource: { bigQuerySource: { uri: 'bq://demo-project.shop.visits', entityIdColumns: ['customer', 'page'] } },
    });
    world.views.addView('shop', 'documents', { features: {}, resource: { vertexRagSource: { uri: 'bq://a.b.c' } } });
  });

  const read = () => readVertexRegistry(clients, PLACE, 'shop', tableSchema);

  it('makes an entity type of each feature view and a source of each feature group', async () => {
    const { registry } = await read();
    const customer = registry.entityType('shop', 'customer');
    expect(registry.featurestore('shop').entityTypes.map(({ name }) => name)).toEqual(['customer', 'visit']);
    expect(customer.sources.map(({ name, timestampColumn }) => [name, timestampColumn])).toEqual([
      ['orders', 'feature_timestamp'],
      ['profiles', null],
    ]);
    expect(registry.entityType('shop', 'visit').entityIdColumns).toEqual(['customer', 'page']);
    expect(registry.featurestore('shop').onlineSettings).toEqual({
      kind: 'VERTEX_FEATURE_VIEW',
      ...PLACE,
      featureOnlineStore: 'shop',
      views: {},
      usePreview: true,
    });
  });

  it('takes the types of features from the columns in BigQuery, in either spelling', async () => {
    const { registry } = await read();
    const types = (entityType: string) =>
      Object.fromEntries(
        registry.entityType('shop', entityType).features.map(({ name, valueType }) => [name, valueType]),
      );
    expect(types('customer')).toEqual({
      orders_7d: 'INT64',
      mean_basket: 'DOUBLE',
      last_order: 'TIMESTAMP',
      cities: 'STRING_ARRAY',
      is_member: 'BOOL',
    });
    expect(types('visit')).toEqual({ seconds: 'DOUBLE', thumbnail: 'BYTES' });
  });

  it('takes over what is said of features, and the schedule with its time zone', async () => {
    const { registry } = await read();
    const { featureViews, entityTypes, labels } = registry.featurestore('shop');
    expect(labels).toEqual({ team: 'sales' });
    expect(entityTypes[0]).toMatchObject({ description: 'What was bought.', dense: true });
    expect(entityTypes[0]!.features[0]).toMatchObject({
      description: 'Orders of a week.',
      owner: 'sales@example.com',
      labels: { unit: 'n' },
    });
    expect(featureViews.map(({ name, schedule }) => [name, schedule])).toEqual([
      ['customer', 'CRON_TZ=Europe/Berlin 0 * * * *'],
      ['visit', null],
    ]);
  });

  it('says what it leaves out, and why', async () => {
    expect((await read()).leftOut).toEqual([
      'Feature customer.price: a NUMERIC is not served.',
      'Feature customer.renamed: its column is called renamed_v2; make a view in BigQuery that renames it.',
      'Feature customer.gone: its column is not in the table.',
      'Feature visit.day: a DATE is not served.',
      'Feature view documents is over a RAG corpus: it holds no features.',
    ]);
  });

  it('is dense only where the service would serve nulls: Bigtable, and a sync by schedule', async () => {
    world.views.addOnlineStore('by_hand');
    world.views.addView('by_hand', 'customer', {
      features: {},
      resource: { featureRegistrySource: { featureGroups: [{ featureGroupId: 'orders', featureIds: ['orders_7d'] }] } },
    });
    const { registry } = await readVertexRegistry(clients, PLACE, 'by_hand', tableSchema);
    expect(registry.entityType('by_hand', 'customer').dense).toBe(false);
  });

  it('reads every page of a long list', async () => {
    world.views.addOnlineStore('large');
    const features = Array.from({ length: 1001 }, (_, index) => `f${index}`);
    world.views.addFeatureGroup(
      'large',
      bigQuery('large'),
      features.map((id) => ({ id, description: `of ${id}` })),
    );
    world.views.addView('large', 'thing', {
      features: {},
      resource: { featureRegistrySource: { featureGroups: [{ featureGroupId: 'large', featureIds: features }] } },
    });
    const { registry } = await readVertexRegistry(clients, PLACE, 'large', async () =>
      features.map((name) => column(name, 'INT64')),
    );
    expect(registry.entityType('large', 'thing').features.at(-1)).toMatchObject({
      name: 'f1000',
      description: 'of f1000',
    });
  });

  it('reports names that a registry cannot have together', async () => {
    world.views.addOnlineStore('faulty');
    world.views.addFeatureGroup('faulty', bigQuery('faulty'), [{ id: 'sequence' }]);
    world.views.addView('faulty', 'thing', {
      features: {},
      resource: { featureRegistrySource: { featureGroups: [{ featureGroupId: 'faulty', featureIds: ['sequence'] }] } },
    });
    const schema = async () => [column('sequence', 'INT64')];
    await expect(readVertexRegistry(clients, PLACE, 'faulty', schema)).rejects.toThrow('"sequence" is a column');
  });
});

it('parses the name of a table, also in a project of a domain', () => {
  expect(parseTableUri('bq://example.com:shop.data.orders')).toEqual({
    project: 'example.com:shop',
    dataset: 'data',
    table: 'orders',
  });
  expect(parseTableUri('bq://shop.data')).toBeUndefined();
});
