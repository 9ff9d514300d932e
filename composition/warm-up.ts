import type { GraphQLSchema } from 'graphql';
import { Registry as MetricsRegistry } from 'prom-client';
import { OPEN_AUTHENTICATOR } from '../auth/authenticator.js';
import { Policy } from '../auth/policy/policy.js';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { Feature } from '../datasources/registry/model.js';
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
import type { RawValue, ValueType } from '../values/value-type.js';
import { measuredStores } from './measured-stores.js';

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

/** No entity has this id. */
const ENTITY_ID = 'featuregraph warm-up';

/**
 * Runs reads of the registry before the gateway says that it is ready, so that the first request of a client does not pay for
 * the compilation of the code. The reads go through a front of their own, which no client reaches: its metrics, limits, policy
 * and log are its own, and it has no audit log and no budgets.
 */
export async function warmUp({ schema, services, maxBodyBytes, limits, ...options }: WarmUpOptions): Promise<void> {
  const requests = requestsOf(services.registry);
  if (requests.length === 0) return;
  const metrics = createGatewayMetrics(new MetricsRegistry());
  const logger = createLogger('silent');
  const work = new WorkInFlight();
  const graphql = await startGraphql({ ...options, schema, logger, metrics, work });
  const own: Services = {
    ...services,
    stores: measuredStores(sampleStores(services), metrics),
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
    await sendWarmUp(server, requests, limits ?? PROCESS_LIMITS.warmUp);
  } finally {
    await runtime.stop();
  }
}

/** The ways to read current values, of the first entity type with features. */
function requestsOf(registry: Registry): WarmUpRequest[] {
  const all = registry.featurestores.flatMap(({ entityTypes }) => entityTypes);
  const entityType = all.find(({ features, entityIdColumns }) => features.length > 0 && entityIdColumns.length === 1);
  if (!entityType) return [];
  const { name, featurestore } = entityType;
  const features = entityType.features.slice(0, FEATURES);
  const names = features.map((feature) => feature.name);
  const of = `featurestore: ${JSON.stringify(featurestore.name)}, entityType: ${JSON.stringify(name)}`;
  const values = `entityId features(names: $names) { name value status timestamp }`;
  const list = `query ($ids: [ID!]!, $names: [String!]) { entities(${of}, entityIds: $ids) { ${values} } }`;
  const matrix = `query ($ids: [ID!]!, $names: [String!]!) { featureMatrix(${of}, entityIds: $ids, names: $names) { entityIds names values timestamps statuses } }`;
  const one = `query ($id: ID!, $names: [String!]) { entity(${of}, entityId: $id) { ${values} } }`;
  const typed = `query ($id: ID!) { ${camelCase(featurestore.name)} { ${camelCase(name)}(entityId: $id) { entityId ${features.map((feature) => camelCase(feature.name)).join(' ')} } } }`;
  const ids = [ENTITY_ID];
  return [
    { query: list, variables: { ids, names } },
    { query: list, variables: { ids: Array.from({ length: 20 }, (_, index) => `${ENTITY_ID} ${index}`), names } },
    { query: one, variables: { id: ENTITY_ID, names } },
    { query: typed, variables: { id: ENTITY_ID } },
    { query: matrix, variables: { ids, names } },
  ];
}

/** Stores with a value for each feature of each entity. Only an embedded one is read: others bill a read, or count it. */
function sampleStores({ stores }: Services): Services['stores'] {
  return {
    online: (featurestore) => {
      const store = stores.online(featurestore);
      const isEmbedded = featurestore.onlineSettings.kind === 'LMDB' && !featurestore.shadow;
      return {
        ...WITHOUT_WRITES,
        maxEntityIdsPerRead: store.maxEntityIdsPerRead,
        versions: undefined,
        read: async (read) => {
          if (isEmbedded) await store.read(read);
          return read.entityIds.map(() => read.features.map((feature) => sampleCell(feature)));
        },
        readTexts: async (read) => {
          if (isEmbedded) await store.readTexts?.(read);
          const cells = read.features.map((feature) => sampleCell(feature));
          return rowTexts(
            read.features,
            read.entityIds.map(() => cells),
          );
        },
      };
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

const SAMPLES: Partial<Record<ValueType, RawValue>> = { BOOL: true, DOUBLE: 0.5, INT64: 12n, STRING: 'a text' };

function sampleCell({ valueType }: Feature): FeatureCell {
  const value = SAMPLES[valueType] ?? null;
  return { status: value === null ? 'NULL' : 'PRESENT', value, timestamp: 1_700_000_000_000_000n };
}
