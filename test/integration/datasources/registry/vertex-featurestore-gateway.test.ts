import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { doctor } from '../../../../cli/commands/doctor.js';
import { registryFromVertex } from '../../../../cli/commands/registry.js';
import { parseConfig } from '../../../../config/load-config.js';
import { startGateway, type Gateway } from '../../../../main.js';
import { OperatorError } from '../../../../errors/operator-error.js';
import { createLogger, type Logger } from '../../../../observability/logger.js';
import { parseInstant } from '../../../../values/instant.js';
import { BigQueryServer } from '../../../support/google/bigquery-server/server.js';
import { BIGTABLE } from '../../../support/google/vertex/feature-views.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../../../support/google/vertex-world.js';
import { describeWithGoogleSql } from '../../../support/google/with-googlesql.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { until } from '../../../support/until.js';

const NEWEST = parseInstant('2026-11-20T00:00:00Z');
const column = (name: string, type: string, mode = 'NULLABLE') => ({ name, type, mode });

const REGISTRY = `vertexFeaturestores:
  - { name: shop, project: ${PLACE.project}, location: ${PLACE.location}, featureOnlineStore: live }
`;

/**
 * A team that has feature groups and views already: whole numbers as ids, columns in capitals, one table in a project of
 * others; and a registry file that names only where they are.
 */
describeWithGoogleSql('a gateway over feature groups and views that are there', () => {
  let world: VertexWorld;
  let bigQuery: BigQueryServer;

  beforeAll(async () => {
    world = await startVertexWorld();
    bigQuery = await BigQueryServer.start(() => NEWEST);
    bigQuery.tables.addDataset(PLACE.project, 'sales', 'EU');
    bigQuery.tables.addDataset('lake-project', 'web', 'EU');
    fillTables(bigQuery);
    fillViews(world);
  });
  afterAll(async () => {
    world.server.stop();
    await bigQuery.stop();
  });

  const setEnvironment = (registry: string) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'registry.yaml'), registry);
    // The client takes this as it stands, so the whole gateway can be sent to the test server.
    vi.stubEnv('BIGQUERY_EMULATOR_HOST', `${bigQuery.endpoint}/bigquery/v2`);
    vi.stubEnv('FEATUREGRAPH_REGISTRY', join(folder, 'registry.yaml'));
    vi.stubEnv('FEATUREGRAPH_DATA_DIR', join(folder, 'data'));
    onTestFinished(() => void vi.unstubAllEnvs());
  };

  const begin = (logger: Logger) =>
    startGateway({
      config: parseConfig({ ...process.env, FEATUREGRAPH_GRAPHIQL: 'false', PORT: '0' }),
      logger,
      onPrepare: () => undefined,
      google: { vertex: world.server.clientOptions },
    });

  async function start(registry = REGISTRY): Promise<Gateway & { ask(query: string): Promise<any> }> {
    setEnvironment(registry);
    const gateway = await begin(createLogger('silent'));
    onTestFinished(() => gateway.stop());
    const ask = async (query: string) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify({ query }) });
      const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
      expect(errors).toBeUndefined();
      return data;
    };
    return { ...gateway, ask };
  }

  it('reads values now from the view, in both ways', async () => {
    const { ask } = await start();
    expect(
      await ask(`{
        shop { customer(entityId: "7") { orders7d city isMember } customers(entityIds: ["8", "9"]) { orders7d } }
        entity(featurestore: "shop", entityType: "visit", entityId: "7,a%2Cb") {
          features(names: ["seconds"]) { value status timestamp } } }`),
    ).toEqual({
      shop: {
        customer: { orders7d: '30', city: 'Bern', isMember: true },
        customers: [{ orders7d: null }, { orders7d: null }],
      },
      entity: { features: [{ value: 12.5, status: 'PRESENT', timestamp: '2026-11-20T00:00:00Z' }] },
    });
  });

  it('reads the past from the feature groups’ own tables: as of a moment, and the history', async () => {
    const { ask } = await start();
    expect(
      await ask(`{
        shop { customer(entityId: "7", asOf: "2026-11-19T12:00:00Z") { orders7d city isMember } }
        entity(featurestore: "shop", entityType: "customer", entityId: "7") {
          history(feature: "city", first: 10) { nodes { value timestamp } } }
        visit: entity(featurestore: "shop", entityType: "visit", entityId: "7,a%2Cb", asOf: "2026-11-30T00:00:00Z") {
          features(names: ["seconds"]) { value status } } }`),
    ).toEqual({
      shop: { customer: { orders7d: '20', city: 'Zürich', isMember: true } },
      entity: {
        history: {
          nodes: [
            { value: 'Bern', timestamp: '2026-11-20T00:00:00Z' },
            { value: 'Zürich', timestamp: '2026-11-18T00:00:00Z' },
          ],
        },
      },
      visit: { features: [{ value: 12.5, status: 'PRESENT' }] },
    });
  });

  it('joins training sets with them, and says before what that costs', async () => {
    const { ask } = await start();
    const input = `input: { featurestore: "shop", entityType: "customer", labels: { entityIdColumns: ["who"], source: {
      rows: [{ who: "7", timestamp: "2026-11-18T12:00:00Z" }, { who: "8", timestamp: "2026-11-18T12:00:00Z" }] } } }`;
    const { trainingSetPreview, estimateTrainingSet } = await ask(`{
      trainingSetPreview(${input}) { rows }
      estimateTrainingSet(${input}) { total { amount } assumptions } }`);
    expect(trainingSetPreview.rows).toMatchObject([
      { who: '7', orders_7d: '10', city: 'Zürich', is_member: true },
      { who: '8', orders_7d: null, city: null, is_member: null },
    ]);
    expect(estimateTrainingSet.total.amount).toBeGreaterThan(0);
    expect(estimateTrainingSet.assumptions.join()).toMatch(/scans [1-9]\d* bytes at most/);
  });

  it('tells of the syncs that Vertex AI made, and has it make one, priced by the tables of the view', async () => {
    const { ask } = await start();
    const { featurestore } = await ask(`{ featurestore(name: "shop") { featureViews {
      name freshnessSeconds lastSync { state ... on FeatureViewSyncJob { trigger } } } } }`);
    expect(featurestore.featureViews).toContainEqual({
      name: 'customer',
      freshnessSeconds: expect.any(Number),
      lastSync: { state: 'SUCCEEDED', trigger: 'EXTERNAL' },
    });
    const { syncFeatureView } = await ask(`mutation {
      syncFeatureView(input: { featurestore: "shop", featureView: "customer", maxCostUsd: 1 }) {
        job { id estimatedCost { total { amount } } } userErrors { message } } }`);
    expect(syncFeatureView.userErrors).toEqual([]);
    expect(syncFeatureView.job.estimatedCost.total.amount).toBeGreaterThan(0);
    const { syncs } = world.views.view(
      `projects/${PLACE.project}/locations/${PLACE.location}/featureOnlineStores/live/featureViews/customer`,
    );
    await until(() => syncs.length === 2);
    world.views.endSync(syncs[0], { end: NEWEST, rows: 1 });
    const job = async () => (await ask(`{ job(id: "${syncFeatureView.job.id}") { state } }`)).job.state;
    await until(async () => (await job()) === 'SUCCEEDED');
  });

  it('logs at start what it does not take over, or does not start and says why', async () => {
    setEnvironment(REGISTRY);
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    await (await begin(logger)).stop();
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        featurestore: 'shop',
        what: 'Feature visit.details: a JSON is not served.',
        msg: 'not taken over from Vertex AI',
      }),
    );

    setEnvironment(REGISTRY.replace('featureOnlineStore: live', 'featureOnlineStore: life'));
    const refused = begin(logger);
    await expect(refused).rejects.toThrow(OperatorError);
    await expect(refused).rejects.toThrow(/no feature online store "life".*\n.*There are: serving, live\./);
  });

  it('is the same gateway over the file that `registry from-vertex` prints, without asking Vertex AI for it', async () => {
    setEnvironment(REGISTRY);
    const flags = { ...PLACE, featureOnlineStore: 'live', name: 'shop' };
    const printed = await registryFromVertex(flags, { vertex: world.server.clientOptions });
    world.server.calls.length = 0;
    const { ask } = await start(printed);
    expect(world.server.callsOf('ListFeatureViews')).toEqual([]);
    expect(
      await ask(`{ shop { customer(entityId: "7") { orders7d }
        before: customer(entityId: "7", asOf: "2026-11-19T12:00:00Z") { orders7d } } }`),
    ).toEqual({ shop: { customer: { orders7d: '30' }, before: { orders7d: '20' } } });
  });

  it('is looked at by doctor: what is left out, the views, and the tables', async () => {
    setEnvironment(REGISTRY);
    const lines: string[] = [];
    const written = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    onTestFinished(() => {
      written.mockRestore();
      process.exitCode = undefined;
    });
    await doctor({ vertex: world.server.clientOptions });
    const text = lines.join('');
    expect(text).toMatch(
      /^featurestore shop, read from Vertex AI\n {2}ok +2 entity types with 4 features\n {2}warning +Feature visit\.details: a JSON/,
    );
    expect(text).toMatch(/ok +the view customer serves all 3 features/);
    expect(text).toMatch(/ok +table lake-project\.web\.Visits has all columns/);
    expect(text).toMatch(/No faults\.\n$/);
    expect(process.exitCode).toBeUndefined();

    lines.length = 0;
    world.server.faults.add('GetFeatureOnlineStore', { kind: 'refuse', code: 'PERMISSION_DENIED' });
    await doctor({ vertex: world.server.clientOptions });
    expect(lines.join('')).toMatch(/fault +Reading Vertex AI failed: not allowed.*\n +-> Grant roles\/aiplatform/);
    expect(process.exitCode).toBe(1);
  });
});

function fillTables({ tables }: BigQueryServer): void {
  const make = (project: string, dataset: string, id: string, fields: object[], rows: Record<string, unknown>[]) => {
    const tableReference = { projectId: project, datasetId: dataset, tableId: id };
    const body = { rows: rows.map((json) => ({ json })) };
    tables.insertAll(tables.create(project, dataset, { tableReference, schema: { fields } }), body, 1000);
  };
  const orders = (day: number, count: number, city: string | null) => ({
    CustomerId: 7,
    OrderTime: `2026-11-${day}T00:00:00Z`,
    orders_7d: count,
    City: city,
  });
  make(
    PLACE.project,
    'sales',
    'orders',
    [
      column('CustomerId', 'INT64'),
      column('OrderTime', 'TIMESTAMP'),
      column('orders_7d', 'INT64'),
      column('City', 'STRING'),
    ],
    [orders(18, 10, 'Zürich'), orders(19, 20, null), orders(20, 30, 'Bern')],
  );
  make(
    PLACE.project,
    'sales',
    'members',
    // Spelled otherwise than in the other table of the view, which BigQuery does not mind.
    [column('CUSTOMERID', 'INT64'), column('is_member', 'BOOL')],
    [{ CUSTOMERID: 7, is_member: true }],
  );
  make(
    'lake-project',
    'web',
    'Visits',
    [
      column('CustomerId', 'INT64'),
      column('page', 'STRING'),
      column('feature_timestamp', 'TIMESTAMP'),
      column('seconds', 'FLOAT64'),
      column('details', 'JSON'),
    ],
    [{ CustomerId: 7, page: 'a,b', feature_timestamp: '2026-11-20T00:00:00Z', seconds: 12.5 }],
  );
}

function fillViews({ views }: VertexWorld): void {
  const group = (id: string, fields: object, features: { id: string; versionColumnName?: string }[]) =>
    views.addFeatureGroup(
      id,
      {
        bigQuery: {
          bigQuerySource: { inputUri: `bq://${PLACE.project}.sales.${id}` },
          entityIdColumns: ['customerid'],
          ...fields,
        },
      },
      features,
    );
  group('orders', { timeSeries: { timestampColumn: 'OrderTime' } }, [
    { id: 'orders_7d' },
    { id: 'city', versionColumnName: 'City' },
  ]);
  group('members', { staticDataSource: true }, [{ id: 'is_member' }]);
  views.addOnlineStore('live', BIGTABLE);
  const customer = views.addView('live', 'customer', {
    features: { orders_7d: 'INT64', city: 'STRING', is_member: 'BOOL' },
    entityIdColumns: ['CustomerId'],
    resource: {
      featureRegistrySource: {
        featureGroups: [
          { featureGroupId: 'orders', featureIds: ['orders_7d', 'city'] },
          { featureGroupId: 'members', featureIds: ['is_member'] },
        ],
      },
    },
  });
  customer.values.put('["7"]', 'orders_7d', { value: 'int64Value', int64Value: '30' }, NEWEST);
  customer.values.put('["7"]', 'city', { value: 'stringValue', stringValue: 'Bern' }, NEWEST);
  customer.values.put('["7"]', 'is_member', { value: 'boolValue', boolValue: true }, NEWEST);
  const visit = views.addView('live', 'visit', {
    features: { seconds: 'DOUBLE' },
    entityIdColumns: ['CustomerId', 'page'],
    resource: { bigQuerySource: { uri: 'bq://lake-project.web.Visits', entityIdColumns: ['CustomerId', 'page'] } },
  });
  visit.values.put('["7","a,b"]', 'seconds', { value: 'doubleValue', doubleValue: 12.5 }, NEWEST);
}
