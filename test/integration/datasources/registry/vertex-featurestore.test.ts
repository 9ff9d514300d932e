import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registryFromVertex } from '../../../../cli/commands/registry.js';
import { openRegistry, readFeaturestoreFromVertex } from '../../../../composition/registry.js';
import type { TableColumn } from '../../../../datasources/google/bigquery/tables.js';
import type { Registry } from '../../../../datasources/registry/registry.js';
import { parseTableUri } from '../../../../datasources/registry/vertex/table-schema.js';
import { registryDocument } from '../../../../datasources/registry/document/document.js';
import { loadRegistry, buildRegistry } from '../../../../datasources/registry/yaml/load-registry.js';
import { vertexFeaturestores } from '../../../../datasources/registry/document/vertex-featurestore-document.js';
import { OperatorError } from '../../../../errors/operator-error.js';
import { buildSchema } from '../../../../resolvers/build-schema.js';
import { startTableMetadataServer } from '../../../support/google/table-metadata-server.js';
import { BIGTABLE } from '../../../support/google/vertex/feature-views.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../../../support/google/vertex-world.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const column = (name: string, type: string, mode?: string): TableColumn => ({ name, type, ...(mode ? { mode } : {}) });
const ID = column('entity_id', 'STRING');
const TIME = column('feature_timestamp', 'TIMESTAMP');
const MANY = Array.from({ length: 1001 }, (_, index) => `f${index}`);
const table = (fields: TableColumn[], location = 'EU') => ({ location, schema: { fields } });

const TABLES = {
  'demo-project.shop.orders': table([
    ID,
    TIME,
    column('orders_7d', 'INTEGER'),
    column('mean_basket', 'FLOAT'),
    column('last_order', 'TIMESTAMP'),
    column('cities', 'STRING', 'REPEATED'),
    column('price', 'NUMERIC'),
    column('City_v2', 'STRING'),
    column('sequence', 'INTEGER'),
  ]),
  'demo-project.shop.profiles': table([ID, { ...column('is_member', 'BOOLEAN'), description: 'Has a card.' }]),
  'lake-project.web.Visits': table([
    column('CustomerId', 'INTEGER'),
    column('page', 'STRING'),
    TIME,
    column('seconds', 'FLOAT64'),
    column('thumbnail', 'BYTES'),
    column('day', 'DATE'),
    column('ScrollDepth', 'FLOAT64'),
  ]),
  'demo-project.shop.local': table([ID, TIME, column('a', 'STRING')], 'europe-west4'),
  'demo-project.shop.large': table([ID, TIME, ...MANY.map((name) => column(name, 'INT64'))]),
  'demo-project.shop.alike': table([
    ID,
    TIME,
    ...['orders_7d', 'orders7d', 'entity_id_', 'a'].map((name) => column(name, 'INT64')),
  ]),
  'demo-project.shop.capitals': table([column('ENTITY_ID', 'STRING'), TIME, column('b', 'INT64')]),
  'demo-project.shop.odd_keys': table([column('entity_id', 'FLOAT'), TIME, column('a', 'STRING')]),
  'demo-project.shop.odd_time': table([ID, column('feature_timestamp', 'DATETIME'), column('a', 'STRING')]),
  'demo-project.shop.secret': 403,
  'demo-project.shop.broken': 500,
};

let world: VertexWorld;
let bigQuery: Awaited<ReturnType<typeof startTableMetadataServer>>;

beforeAll(async () => {
  world = await startVertexWorld();
  bigQuery = await startTableMetadataServer(TABLES);
  world.views.addFeatureGroup('orders', { ...over('orders', { dense: true }), description: 'What was bought.' }, [
    { id: 'orders_7d', description: 'Orders of a week.', pointOfContact: 'sales@example.com', labels: { unit: 'n' } },
    { id: 'mean_basket' },
    { id: 'last_order' },
    { id: 'cities' },
    { id: 'price' },
    { id: 'city', versionColumnName: 'city_v2' },
    { id: 'sequence' },
  ]);
  world.views.addFeatureGroup('profiles', over('profiles', { dense: true, staticDataSource: true }), [
    { id: 'is_member' },
  ]);
  world.views.addFeatureGroup('idle', over('profiles'), []);
  addStore('shop', { ...BIGTABLE, labels: { team: 'sales' } });
  world.views.addView('shop', 'customer', {
    features: {},
    resource: {
      syncConfig: { cron: 'CRON_TZ=Europe/Berlin 0 * * * *' },
      ...ofGroups(
        ['orders', 'orders_7d', 'mean_basket', 'last_order', 'cities', 'price', 'city', 'sequence', 'gone'],
        ['profiles', 'is_member'],
      ),
    },
  });
  world.views.addView('shop', 'visit', {
    features: {},
    resource: { bigQuerySource: { uri: 'bq://lake-project.web.Visits', entityIdColumns: ['customerid', 'page'] } },
  });
  world.views.addView('shop', 'documents', { features: {}, resource: { vertexRagSource: { uri: 'bq://a.b.c' } } });
});
afterAll(async () => {
  world.server.stop();
  await bigQuery.close();
});
afterEach(() => world.server.faults.clear());

const over = (name: string, fields: object = {}) => ({
  bigQuery: { bigQuerySource: { inputUri: `bq://demo-project.shop.${name}` }, ...fields },
});
const ofGroups = (...groups: string[][]) => ({
  featureRegistrySource: {
    featureGroups: groups.map(([featureGroupId, ...featureIds]) => ({ featureGroupId, featureIds })),
  },
});
const addStore = (id: string, resource: object = BIGTABLE) => world.views.addOnlineStore(id, resource);
/** An online store with a view over one group, which is over a table of the same name. */
const addStoreOf = (id: string, ...names: string[]) => {
  addStore(id);
  for (const name of names) {
    world.views.addFeatureGroup(name, over(name), [{ id: 'a' }]);
    world.views.addView(id, name, { features: {}, resource: ofGroups([name, 'a']) });
  }
};

const options = () => ({
  vertex: world.server.clientOptions,
  // The client's waits between tries, 2 s and doubling, are cut to nothing.
  bigquery: { apiEndpoint: bigQuery.endpoint, retryOptions: { maxRetryDelay: 0.001 } },
});
const read = (featureOnlineStore: string, more: object = {}) =>
  readFeaturestoreFromVertex(vertexFeaturestores.parse([{ ...PLACE, featureOnlineStore, ...more }])[0]!, options());
async function registryFrom(featureOnlineStore: string, more: object = {}): Promise<Registry> {
  const files = { sqlTexts: new Map(), tablePaths: new Map(), modelPaths: new Map() };
  const { document } = await read(featureOnlineStore, more);
  return buildRegistry({ document: registryDocument.parse({}), files }, [document]);
}

const fileOf = (yaml: string): string => {
  const path = join(temporaryFolder(), 'registry.yaml');
  writeFileSync(path, yaml);
  return path;
};

describe('a feature online store becomes a featurestore', () => {
  it('with an entity type for each feature view and a source for each feature group', async () => {
    const registry = await registryFrom('shop');
    const customer = registry.entityType('shop', 'customer');
    expect(registry.featurestore('shop').entityTypes.map(({ name }) => name)).toEqual(['customer', 'visit']);
    expect(
      customer.sources.map(({ name, timestampColumn, bigQueryTable }) => [name, timestampColumn, bigQueryTable]),
    ).toEqual([
      ['orders', 'feature_timestamp', 'demo-project.shop.orders'],
      ['profiles', null, 'demo-project.shop.profiles'],
    ]);
    expect(registry.featurestore('shop').onlineSettings).toEqual({
      kind: 'VERTEX_FEATURE_VIEW',
      ...PLACE,
      featureOnlineStore: 'shop',
      views: {},
      usePreview: true,
    });
  });

  it('whose offline store is the same tables, wherever they are, and makes none', async () => {
    const { offlineSettings } = (await registryFrom('shop', { maximumBytesBilled: 1e9 })).featurestore('shop');
    expect(offlineSettings).toEqual({
      kind: 'BIGQUERY',
      project: PLACE.project,
      dataset: null,
      location: 'EU',
      maximumBytesBilled: 1e9,
      timeoutSeconds: 60,
      createTables: false,
      pointInTime: 'AGGREGATE',
    });
  });

  it('with the types of the columns, under their real names', async () => {
    const registry = await registryFrom('shop');
    const columns = (entityType: string) =>
      Object.fromEntries(
        registry
          .entityType('shop', entityType)
          .features.map(({ name, valueType, column }) => [name, name === column ? valueType : [valueType, column]]),
      );
    expect(columns('customer')).toEqual({
      orders_7d: 'INT64',
      mean_basket: 'DOUBLE',
      last_order: 'TIMESTAMP',
      cities: 'STRING_ARRAY',
      city: ['STRING', 'City_v2'],
      is_member: 'BOOL',
    });
    expect(columns('visit')).toEqual({ seconds: 'DOUBLE', thumbnail: 'BYTES' });
    expect(registry.entityType('shop', 'visit').entityIdColumns).toEqual(['CustomerId', 'page']);
  });

  it('with what is said of features, there or in BigQuery, and the schedule with its time zone', async () => {
    const registry = await registryFrom('shop', {
      name: 'sales',
      description: 'Of the shop.',
      ttlSeconds: { customer: 60 },
    });
    const { featureViews, entityTypes, labels, description } = registry.featurestore('sales');
    expect([labels, description]).toEqual([{ team: 'sales' }, 'Of the shop.']);
    expect(entityTypes[0]).toMatchObject({ description: 'What was bought.', dense: true, ttl: 60_000_000n });
    expect(entityTypes[0]!.features[0]).toMatchObject({
      description: 'Orders of a week.',
      owner: 'sales@example.com',
      labels: { unit: 'n' },
    });
    expect(entityTypes[0]!.features.at(-1)).toMatchObject({ name: 'is_member', description: 'Has a card.' });
    expect(featureViews.map(({ name, schedule }) => [name, schedule])).toEqual([
      ['customer', 'CRON_TZ=Europe/Berlin 0 * * * *'],
      ['visit', null],
    ]);
  });

  it('that is dense only where the service would serve nulls: Bigtable, and a sync by schedule', async () => {
    addStore('by_hand');
    world.views.addView('by_hand', 'customer', { features: {}, resource: ofGroups(['orders', 'orders_7d']) });
    expect((await registryFrom('by_hand')).entityType('by_hand', 'customer').dense).toBe(false);
  });

  it('of every page of a long list', async () => {
    addStore('large');
    world.views.addFeatureGroup(
      'large',
      over('large'),
      MANY.map((id) => ({ id, description: `of ${id}` })),
    );
    world.views.addView('large', 'thing', { features: {}, resource: ofGroups(['large', ...MANY]) });
    const { features } = (await registryFrom('large')).entityType('large', 'thing');
    expect(features.at(-1)).toMatchObject({ name: 'f1000', description: 'of f1000' });
  });

  it('over feature groups whose id columns differ in the case of letters only', async () => {
    world.views.addFeatureGroup('capitals', over('capitals'), [{ id: 'b' }]);
    addStore('cases');
    const resource = ofGroups(['orders', 'orders_7d'], ['capitals', 'b']);
    world.views.addView('cases', 'customer', { features: {}, resource });
    const { sources, features } = (await registryFrom('cases')).entityType('cases', 'customer');
    expect(sources.map(({ name }) => name)).toEqual(['orders', 'capitals']);
    expect(features.map(({ name }) => name)).toEqual(['orders_7d', 'b']);
  });

  it('over the feature groups of another project, which a view names by number', async () => {
    addStore('across');
    const { featureRegistrySource } = ofGroups(['orders', 'orders_7d']);
    world.views.addView('across', 'customer', {
      features: {},
      resource: { featureRegistrySource: { ...featureRegistrySource, projectNumber: '4711' } },
    });
    await expect(read('across')).rejects.toThrow(
      /not allowed to see feature group "orders" of project 4711 in europe-west4\.\n.*Grant roles\/aiplatform\.featurestoreDataViewer on project 4711 to the gateway’s account\.\n.*resource project 4711/,
    );
  });

  it('of which what cannot be taken over is said, and why', async () => {
    expect((await read('shop')).leftOut).toEqual([
      'Feature customer.price: a NUMERIC is not served.',
      'Feature customer.sequence: tables of featuregraph have a column of that name; make a view in BigQuery that renames it.',
      'Feature customer.gone: its column is not in the table.',
      'Feature visit.day: a DATE is not served.',
      'Feature visit.ScrollDepth: a feature’s name has lower-case letters, digits and _; make a view in BigQuery that renames the column.',
      'Feature view documents is over a RAG corpus: it holds no features.',
      expect.stringMatching(/^Feature groups in no view of this online store, which cannot be read by an id: .*idle/),
    ]);
  });

  it('also for an account that may not list feature groups that no view is over', async () => {
    world.server.faults.add('ListFeatureGroups', { kind: 'refuse', code: 'PERMISSION_DENIED' });
    const { document, leftOut } = await read('shop');
    expect(document.entityTypes).toHaveLength(2);
    expect(leftOut.join()).not.toContain('in no view');
  });

  it('without tables, groups and keys that are not as they should be', async () => {
    addStoreOf('odd', 'odd_keys', 'odd_time', 'no_table');
    world.views.addView('odd', 'no_group', { features: {}, resource: ofGroups(['nowhere', 'a']) });
    world.views.addView('odd', 'fine', {
      features: {},
      resource: ofGroups(['profiles', 'is_member'], ['orders', 'orders_7d']),
    });
    world.views.addFeatureGroup('twice', over('profiles'), [{ id: 'is_member' }]);
    world.views.addView('odd', 'doubled', {
      features: {},
      resource: ofGroups(['profiles', 'is_member'], ['twice', 'is_member']),
    });
    const { document, leftOut } = await read('odd', {
      featureViews: ['odd_keys', 'odd_time', 'no_table', 'no_group', 'fine', 'doubled'],
    });
    expect(document.entityTypes.map(({ name }) => name)).toEqual(['fine', 'doubled']);
    expect(leftOut).toEqual([
      'Feature group odd_keys of feature view odd_keys: its id column entity_id is a FLOAT, and not STRING or INT64.',
      'Feature view odd_keys has no feature that can be taken over.',
      'Feature group odd_time of feature view odd_time: its time column feature_timestamp is a DATETIME, and not TIMESTAMP.',
      'Feature view odd_time has no feature that can be taken over.',
      'Feature group no_table of feature view no_table: its table demo-project.shop.no_table is not there.',
      'Feature view no_table has no feature that can be taken over.',
      'Feature group nowhere of feature view no_group is not there.',
      'Feature view no_group has no feature that can be taken over.',
      'Feature doubled.is_member of twice: another group has one of that name.',
    ]);
  });
});

describe('what is added in Vertex AI does not stop the next start', () => {
  beforeAll(() => {
    world.views.addFeatureGroup(
      'alike',
      over('alike'),
      ['orders_7d', 'orders7d', 'a'].map((id) => ({ id })),
    );
  });
  const addViews = (store: string, views: Record<string, string[][]>) => {
    addStore(store);
    for (const [name, groups] of Object.entries(views)) {
      world.views.addView(store, name, { features: {}, resource: ofGroups(...groups) });
    }
  };
  /** By the gateway's way and by the printed file's, which both must make a schema; features by entity type. */
  async function startBothWays(store: string, others = ''): Promise<{ features: object; leftOut: string[] }> {
    const { project, location } = PLACE;
    const entry = `vertexFeaturestores:\n  - { project: ${project}, location: ${location}, featureOnlineStore: ${store} }\n`;
    const { registry, skipped: leftOut } = await openRegistry(fileOf(others + entry), options());
    buildSchema(registry);
    const printed = await registryFromVertex({ ...PLACE, featureOnlineStore: store }, options());
    buildSchema(await loadRegistry(fileOf(printed)));
    const features = Object.fromEntries(
      registry.featurestore(store).entityTypes.map((one) => [one.name, one.features.map(({ name }) => name)]),
    );
    return { features, leftOut: leftOut.get(store)!.filter((sentence) => !sentence.includes('in no view')) };
  }

  it('a view that is called as the plural of another', async () => {
    addViews('plurals', { customers: [['alike', 'a']], customer: [['alike', 'a']], other: [['alike', 'a']] });
    expect(await startBothWays('plurals')).toEqual({
      features: { customer: ['a'], other: ['a'] },
      leftOut: [
        'Feature view customers would be called "customers", as the plural of entity type plurals.customer is; choose the views to read by featureViews, or other plurals by pluralNames.',
      ],
    });
    // And the choice is free.
    const { document } = await read('plurals', { featureViews: ['customers'] });
    expect(document.entityTypes.map(({ name }) => name)).toEqual(['customers']);
    const both = await read('plurals', { pluralNames: { customer: 'customer_list' } });
    expect(both.document.entityTypes.map(({ name }) => name)).toEqual(['customers', 'customer', 'other']);
  });

  it('views that become one in camelCase', async () => {
    addViews('camels', { a_b: [['alike', 'a']], a__b: [['alike', 'a']] });
    expect(await startBothWays('camels')).toEqual({
      features: { a__b: ['a'] },
      leftOut: [
        expect.stringMatching(/^Feature view a_b would be called "CamelsAB", as camels\.a__b is;.*featureViews/),
      ],
    });
  });

  it('features that become one in camelCase, whatever their order and groups', async () => {
    addViews('features', { thing: [['alike', 'orders_7d', 'orders7d', 'a']] });
    expect(await startBothWays('features')).toEqual({
      features: { thing: ['orders7d', 'a'] },
      leftOut: [
        'Feature thing.orders_7d would be called "orders7d", as feature features.thing.orders7d is; take one of the two out of the view, or the view out by featureViews.',
      ],
    });
  });

  it('a feature with the name of a field of every entity, also where it is the only one', async () => {
    world.views.addFeatureGroup('taken', over('alike'), [{ id: 'entity_id_' }]);
    addViews('reserved', { thing: [['taken', 'entity_id_']], other: [['alike', 'a']] });
    expect(await startBothWays('reserved')).toEqual({
      features: { other: ['a'] },
      leftOut: [
        expect.stringMatching(/^Feature thing\.entity_id_ would be called "entityId", as a field of every entity is;/),
        'Feature view thing has no feature that can be taken over.',
      ],
    });
  });

  it('a view with the type of an entity type of the file, which was there first', async () => {
    addViews('web', { shop_thing: [['alike', 'a']], other: [['alike', 'a']] });
    const others = `featurestores:
  - name: web_shop
    entityTypes: [{ name: thing, sources: [{ features: [{ name: a, valueType: STRING }] }] }]
`;
    expect(await startBothWays('web', others)).toEqual({
      features: { other: ['a'] },
      leftOut: [
        expect.stringMatching(/^Feature view shop_thing would be called "WebShopThing", as web_shop\.thing is;/),
      ],
    });
  });

  it('a group that a view names twice', async () => {
    addViews('doubles', {
      thing: [
        ['alike', 'a'],
        ['profiles', 'is_member'],
        ['alike', 'orders_7d', 'a'],
      ],
    });
    expect(await startBothWays('doubles')).toEqual({
      features: { thing: ['a', 'orders_7d', 'is_member'] },
      leftOut: [],
    });
  });

  it('but a store of which nothing fits is refused with the reasons', async () => {
    world.views.addFeatureGroup('nothing', over('alike'), [{ id: 'entity_id_' }]);
    addViews('unfit', { thing: [['nothing', 'entity_id_']] });
    await expect(read('unfit')).rejects.toThrow(/unfit.*has no feature view to read.*\n[^]*"entityId"/);
  });
});

describe('a feature online store that cannot be read is said with what to do', () => {
  const fault = (featureOnlineStore: string, more: object = {}) =>
    read(featureOnlineStore, more).then(
      () => expect.unreachable('it was read'),
      (error: unknown) => {
        expect(error).toBeInstanceOf(OperatorError);
        return (error as Error).message;
      },
    );

  it('when it is not there: with those that are', async () => {
    const message = await fault('shopp');
    expect(message).toMatch(
      /no feature online store "shopp" in project demo-project, europe-west4\.\n.*There are: .*shop/,
    );
  });

  it('when Vertex AI does not let us: with the role, and its own words', async () => {
    const todo = 'Grant roles/aiplatform.featurestoreDataViewer on project demo-project to';
    for (const [method, what] of [
      ['ListFeatureViews', 'feature online store "shop"'],
      ['GetFeatureGroup', 'feature group "orders"'],
      ['ListFeatures', 'feature group "orders"'],
    ] as const) {
      world.server.faults.clear();
      world.server.faults.add(method, { kind: 'refuse', code: 'PERMISSION_DENIED' }, 8);
      const message = await fault('shop');
      expect(message).toContain(`not allowed to see ${what} of project demo-project in europe-west4.`);
      expect(message).toContain(todo);
      expect(message).toContain('Vertex AI says: 7 PERMISSION_DENIED');
    }
  });

  it('when the region is another than the endpoint’s', async () => {
    expect(await fault('shop', { location: 'us-central1' })).toMatch(/us-central1 does not match the endpoint/);
  });

  it('not when Vertex AI answers at the second try', async () => {
    for (const method of ['GetFeatureOnlineStore', 'ListFeatureViews', 'GetFeatureGroup', 'ListFeatures']) {
      world.server.faults.add(method, { kind: 'refuse', code: 'UNAVAILABLE' });
    }
    expect((await read('shop')).document.entityTypes).toHaveLength(2);
  });

  it('when BigQuery does not let us, or is not well', async () => {
    addStoreOf('hidden', 'secret');
    expect(await fault('hidden')).toMatch(
      /table demo-project\.shop\.secret cannot be looked at.*\n.*roles\/bigquery\.dataViewer on dataset demo-project\.shop/,
    );
    addStoreOf('unwell', 'broken');
    expect(await fault('unwell')).toMatch(/table demo-project\.shop\.broken cannot be looked at.*\n.*the network/);
  });

  it('when its tables are in several locations: then each can be a featurestore of its own', async () => {
    addStoreOf('spread', 'local');
    world.views.addView('spread', 'customer', { features: {}, resource: ofGroups(['orders', 'orders_7d']) });
    const message = await fault('spread');
    expect(message).toMatch(/several locations.*featureViews of one location/);
    expect(message).toContain('europe-west4: local (demo-project.shop.local)');
    expect(message).toContain('EU: customer (demo-project.shop.orders)');
    const { document } = await read('spread', { featureViews: ['local'] });
    expect(document.offlineStore).toMatchObject({ location: 'europe-west4' });
  });

  it('when it has no view, or not those that the registry names', async () => {
    expect(await fault('serving')).toContain('has no feature view to read');
    const message = await fault('shop', {
      featureViews: ['customer', 'costumer'],
      ttlSeconds: { vist: 1 },
      pluralNames: { dog: 'dogs' },
    });
    expect(message).toContain('there is no feature view "costumer", only: customer, visit, documents');
    expect(message).toContain('there is no feature view "vist"');
    expect(message).toContain('there is no feature view "dog"');
  });
});

describe('a registry file with featurestores of Vertex AI', () => {
  const entry = (more: string) => `  - { project: demo-project, location: europe-west4, ${more} }\n`;
  const embedded = `featurestores:
  - name: local
    entityTypes: [{ name: thing, sources: [{ features: [{ name: a, valueType: STRING }] }] }]
`;

  it('has them beside those it writes down', async () => {
    const path = fileOf(`${embedded}vertexFeaturestores:\n${entry('featureOnlineStore: shop, name: sales')}`);
    const { registry, skipped: leftOut } = await openRegistry(path, options());
    expect(registry.featurestores.map(({ name }) => name)).toEqual(['local', 'sales']);
    expect(leftOut.get('sales')).toContain('Feature customer.price: a NUMERIC is not served.');
  });

  it('may have nothing else, but not nothing', async () => {
    const path = fileOf(`vertexFeaturestores:\n${entry('featureOnlineStore: shop')}`);
    expect((await openRegistry(path, options())).registry.featurestores.map(({ name }) => name)).toEqual(['shop']);
    await expect(openRegistry(fileOf('models: []\n'))).rejects.toThrow('a registry has a featurestore');
  });

  it('has its own faults reported with their places, before Vertex AI is asked', async () => {
    world.server.calls.length = 0;
    const path = fileOf(
      `${embedded}vertexFeaturestores:\n` +
        entry('featureOnlineStore: local') +
        entry('featureOnlineStore: shop, name: local') +
        entry('featureOnlineStore: shop, featureViews: [customer, customer], ttlSeconds: { visit: 5 }'),
    );
    await expect(openRegistry(path, options())).rejects.toMatchObject({
      faults: [
        'line 5, column 74: vertexFeaturestores[0].featureOnlineStore: "local" is named twice; give it a name of its own by name',
        'line 6, column 86: vertexFeaturestores[1].name: "local" is named twice',
        'line 7, column 105: vertexFeaturestores[2].featureViews[1]: "customer" is named twice',
        'line 7, column 137: vertexFeaturestores[2].ttlSeconds.visit: feature view "visit" is not among featureViews',
      ],
    });
    expect(world.server.calls).toEqual([]);
  });

  it('has all that cannot be read reported at once', async () => {
    const path = fileOf(
      `vertexFeaturestores:\n${entry('featureOnlineStore: one_gone')}${entry('featureOnlineStore: two_gone')}`,
    );
    await expect(openRegistry(path, options())).rejects.toThrow(/"one_gone"[^]*"two_gone"/);
  });
});

describe('featuregraph registry from-vertex', () => {
  it('prints a registry file that loads as what the gateway would read, with the rest as comments', async () => {
    const text = await registryFromVertex({ ...PLACE, featureOnlineStore: 'shop' }, options());
    expect(text).toMatch(/^# yaml-language-server: \$schema=/);
    expect(text).toContain('\n# - Feature customer.price: a NUMERIC is not served.\n');
    const [shop] = (await loadRegistry(fileOf(text))).featurestores;
    expect(shop).toEqual((await registryFrom('shop')).featurestore('shop'));
  });

  it('takes the views that are named, under another name', async () => {
    const flags = { ...PLACE, featureOnlineStore: 'shop', featureView: ['visit'], name: 'web' };
    const text = await registryFromVertex(flags, options());
    expect(text).toMatch(/name: web\n/);
    expect(text).not.toContain('customer\n');
  });

  it('lists the online stores when none is named', async () => {
    expect(await registryFromVertex(PLACE, options())).toMatch(/^--feature-online-store serving\n[^]*store shop\n/);
  });

  it('says which option is wrong, and what Vertex AI does not let us see', async () => {
    await expect(registryFromVertex({ ...PLACE, location: 'Europe' }, options())).rejects.toThrow(
      'location: a region is written like europe-west4',
    );
    world.server.faults.add('ListFeatureOnlineStores', { kind: 'refuse', code: 'PERMISSION_DENIED' });
    await expect(registryFromVertex(PLACE, options())).rejects.toThrow(/not allowed to see.*\n.*Grant roles/);
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
