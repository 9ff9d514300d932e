import type { GraphQLSchema } from 'graphql';
import { Registry as MetricsRegistry } from 'prom-client';
import { OPEN_AUTHENTICATOR } from '../auth/authenticator.js';
import { Policy } from '../auth/policy/policy.js';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { PrincipalRates } from '../limits/principal-rates.js';
import { PROCESS_LIMITS } from '../limits/process-limits.js';
import { WorkInFlight } from '../limits/work-in-flight.js';
import { createGatewayMetrics } from '../observability/gateway-metrics.js';
import { createLogger } from '../observability/logger.js';
import { createContext, type Services } from '../resolvers/context.js';
import { camelCase } from '../schema/names.js';
import { CurrentRuntime } from '../server/current-runtime.js';
import { createHealth } from '../server/health.js';
import { createHttpServer } from '../server/http-server.js';
import { startGraphql, type GraphqlOptions } from '../server/start-graphql.js';
import { sendWarmUp, type WarmUpLimits, type WarmUpRequest } from '../server/warm-up.js';
import type { FeatureCell } from '../values/feature-cell.js';
import { rowTexts } from '../values/row-texts.js';
import { measuredStores } from './measured-stores.js';
import { openSampleStore, SAMPLE_TIME, sampleOf } from './sample-store.js';

export interface WarmUpOptions extends Pick<
  GraphqlOptions,
  'maxQueryCost' | 'maxResponseBytes' | 'isIntrospectionAllowed'
> {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly maxBodyBytes: number;
  readonly limits?: WarmUpLimits;
}

/** Features that a request names. */
const FEATURES = 10;

/** Of the samples. */
const ENTITY_IDS = Array.from({ length: 20 }, (_, index) => `featuregraph warm-up ${index}`);

/**
 * Runs reads of the registry before the gateway says that it is ready, so that the first request of a client does not pay for
 * the compilation of the code. The reads go through a front of their own, which no client reaches: its metrics, limits, policy
 * and log are its own, and it has no audit log and no budgets.
 */
export async function warmUp({ schema, services, maxBodyBytes, limits, ...options }: WarmUpOptions): Promise<void> {
  const entityType = usualEntityType(services.registry);
  if (!entityType) return;
  const metrics = createGatewayMetrics(new MetricsRegistry());
  const logger = createLogger('silent');
  const work = new WorkInFlight();
  const graphql = await startGraphql({ ...options, schema, logger, metrics, work });
  const isEmbedded = entityType.featurestore.onlineSettings.kind === 'LMDB';
  // A file system on which nothing can be written has no sample: then the code of the store stays cold.
  const sample = isEmbedded ? await openSampleStore(entityType, ENTITY_IDS).catch(() => undefined) : undefined;
  const own: Services = {
    ...services,
    stores: measuredStores(sampleStores(services, sample?.online), metrics),
    policy: new Policy(),
    auditLog: null,
    servedLog: null,
  };
  const runtime = new CurrentRuntime({
    ...graphql,
    createContext: (requestId, principal) => createContext(own, requestId, principal),
  });
  try {
    const { server } = createHttpServer({
      runtime,
      health: createHealth(async () => true),
      logger,
      metrics,
      maxBodyBytes,
      work,
      corsOrigins: [],
      page: null,
      isUntraced: true,
      authenticator: OPEN_AUTHENTICATOR,
      rates: new PrincipalRates({ maxRequestsPerSecond: null, maxRowsPerSecond: null }),
    });
    await sendWarmUp(server, requestsOf(entityType), limits ?? PROCESS_LIMITS.warmUp);
  } finally {
    await runtime.stop();
    await sample?.remove();
  }
}

/** The first entity type with features and a plain id. */
function usualEntityType(registry: Registry): EntityType | undefined {
  const all = registry.featurestores.flatMap(({ entityTypes }) => entityTypes);
  return all.find(({ features, entityIdColumns }) => features.length > 0 && entityIdColumns.length === 1);
}

/** The ways to read current values. */
function requestsOf(entityType: EntityType): WarmUpRequest[] {
  const { name, featurestore } = entityType;
  const features = entityType.features.slice(0, FEATURES);
  const names = features.map((feature) => feature.name);
  const of = `featurestore: ${JSON.stringify(featurestore.name)}, entityType: ${JSON.stringify(name)}`;
  const values = `entityId features(names: $names) { name value status timestamp }`;
  const list = `query ($ids: [ID!]!, $names: [String!]) { entities(${of}, entityIds: $ids) { ${values} } }`;
  const matrix = `query ($ids: [ID!]!, $names: [String!]!) { featureMatrix(${of}, entityIds: $ids, names: $names) { entityIds names values timestamps statuses } }`;
  const one = `query ($id: ID!, $names: [String!]) { entity(${of}, entityId: $id) { ${values} } }`;
  const typed = `query ($id: ID!) { ${camelCase(featurestore.name)} { ${camelCase(name)}(entityId: $id) { entityId ${features.map((feature) => camelCase(feature.name)).join(' ')} } } }`;
  const [id] = ENTITY_IDS;
  const ids = [id];
  return [
    { query: list, variables: { ids, names } },
    { query: list, variables: { ids: ENTITY_IDS, names } },
    { query: one, variables: { id, names } },
    { query: typed, variables: { id } },
    { query: matrix, variables: { ids, names } },
  ];
}

/** Stores with a value for each feature of each entity: the samples of an embedded one. Others bill a read, or count it. */
function sampleStores({ stores }: Services, sample: OnlineStore | undefined): Services['stores'] {
  return {
    online: (featurestore) =>
      sample ?? {
        ...WITHOUT_WRITES,
        maxEntityIdsPerRead: stores.online(featurestore).maxEntityIdsPerRead,
        versions: undefined,
        read: async (read) => read.entityIds.map(() => read.features.map((feature) => sampleCell(feature))),
        readTexts: async (read) => {
          const cells = read.features.map((feature) => sampleCell(feature));
          return rowTexts(
            read.features,
            read.entityIds.map(() => cells),
          );
        },
      },
    offline: (featurestore) => stores.offline(featurestore),
  };
}

const WITHOUT_WRITES: Pick<OnlineStore, 'write' | 'delete' | 'isHealthy' | 'close'> = {
  write: async () => undefined,
  delete: async () => undefined,
  isHealthy: async () => true,
  close: async () => undefined,
};

function sampleCell({ valueType }: Feature): FeatureCell {
  const value = sampleOf(valueType);
  return { status: value === null ? 'NULL' : 'PRESENT', value, timestamp: SAMPLE_TIME };
}
