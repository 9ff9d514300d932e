import '../../cli/production-mode.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyDocument } from '../../auth/policy/policy-document.js';
import { Policy } from '../../auth/policy/policy.js';
import { ApolloServer } from '@apollo/server';
import { Registry as MetricsRegistry } from 'prom-client';
import { measuredStores } from '../../composition/measured-stores.js';
import type { BatchPredictions } from '../../batch-prediction/batch-predictions.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import type { RegistryUpdates } from '../../ingestion/registry-updates.js';
import { NO_STREAMS } from '../../ingestion/streams/streams.js';
import type { SourceRefreshes } from '../../ingestion/source-refreshes.js';
import type { FeatureViewSyncs } from '../../ingestion/feature-view-syncs.js';
import type { TrainingSets } from '../../training-sets/training-sets.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { Costs } from '../../costs/costs.js';
import { FeatureSearch } from '../../datasources/registry/feature-search.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { createGatewayMetrics } from '../../observability/gateway-metrics.js';
import { createLogger } from '../../observability/logger.js';
import { buildSchema } from '../../resolvers/build-schema.js';
import { PrincipalRates } from '../../limits/principal-rates.js';
import { WorkInFlight } from '../../limits/work-in-flight.js';
import { createContext, type Services } from '../../resolvers/context.js';
import { createApolloServer } from '../../server/apollo.js';
import { CurrentRuntime } from '../../server/current-runtime.js';
import type { ServerContext } from '../../server/execution-plugin.js';
import { createHealth } from '../../server/health.js';
import { createHttpServer } from '../../server/http-server.js';
import { toClientValue } from '../../values/client-value.js';
import { systemClock } from '../../values/clock.js';
import { benchRegistry } from '../bench-registry.js';
import { openBenchAudit, openBenchDoor } from './bench-door.js';

/**
 * One server of the comparison, in a process of its own. `compiled` is the gateway; `policy` is the same with a policy that denies one feature;
 * `api-key` and `token` authenticate each request, `door` and `door-token` have both, and `audit` has an audit log; `graphql-js` is the same without the
 * compiled execution and the cost check; `raw` reads the same rows and writes JSON with no GraphQL at all: the limit.
 */
const ENTITIES = 10_000;
const variant = process.argv[2];

/** One of the ten features is DENIED in every answer. */
const DENYING_POLICY: PolicyDocument = {
  rules: [
    { name: 'read', who: 'EVERYONE', allow: ['READ'] },
    { name: 'but one', who: 'EVERYONE', deny: ['READ'], features: ['f9'] },
  ],
};

const registry = benchRegistry();
const entityType = registry.entityType('bench', 'thing');
const folder = mkdtempSync(join(tmpdir(), 'featuregraph-bench-'));
const store = new LmdbOnlineStore(folder);
await fill(store, entityType);

const metrics = createGatewayMetrics(new MetricsRegistry());
const services: Services = {
  registry,
  search: new FeatureSearch(registry),
  stores: measuredStores({ online: () => store, offline: () => ({}) as OfflineStore }, metrics),
  costs: {} as Costs,
  jobs: {} as JobEngine,
  batchPredictions: {} as BatchPredictions,
  trainingSets: {} as TrainingSets,
  featureViewSyncs: {} as FeatureViewSyncs,
  writers: {} as Services['writers'],
  streams: NO_STREAMS,
  policy: new Policy(['policy', 'door', 'door-token'].includes(variant ?? '') ? DENYING_POLICY : null),
  auditLog: variant === 'audit' ? await openBenchAudit(folder) : null,
  sourceRefreshes: {} as SourceRefreshes,
  registryUpdates: {} as RegistryUpdates,
  clock: systemClock,
};
const door = await openBenchDoor(variant ?? 'compiled', folder);
const server = variant === 'raw' ? rawServer() : await graphqlServer();
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port, headers: door.headers }),
);

process.on('message', (message) => {
  if (message === 'cpu') process.send?.({ cpu: process.cpuUsage() });
});
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});

async function fill(online: LmdbOnlineStore, type: EntityType): Promise<void> {
  const [source] = type.sources;
  if (!source) return;
  const version = { timestamp: systemClock() - 1_000_000n, createdTimestamp: null, sequence: null };
  const valueOf = {
    DOUBLE: (n: number) => n / 7,
    INT64: (n: number) => BigInt(n),
    STRING: (n: number) => `value ${n}`,
    BOOL: (n: number) => n % 2 === 0,
  };
  for (let start = 0; start < ENTITIES; start += 1000) {
    await online.write(
      type,
      Array.from({ length: 1000 }, (_, index) => ({
        entityId: `e${start + index}`,
        source,
        version,
        values: new Map(
          source.features.map(({ name, valueType }, column) => [
            name,
            valueOf[valueType as keyof typeof valueOf](start + index + column),
          ]),
        ),
      })),
    );
  }
}

async function graphqlServer(): Promise<Server> {
  const schema = buildSchema(registry);
  const logger = createLogger('silent');
  const work = new WorkInFlight();
  const apollo =
    variant === 'graphql-js'
      ? new ApolloServer<ServerContext>({ schema, logger, persistedQueries: false, stopOnTerminationSignals: false })
      : createApolloServer({
          schema,
          logger,
          metrics,
          maxQueryCost: 1_000_000,
          maxResponseBytes: 67_108_864,
          work,
          isIntrospectionAllowed: true,
        });
  await apollo.start();
  return createHttpServer({
    runtime: new CurrentRuntime({
      schema,
      apollo,
      createContext: (requestId, principal) => createContext(services, requestId, principal),
    }),
    health: createHealth(async () => true),
    logger,
    metrics,
    maxBodyBytes: 1_048_576,
    work,
    corsOrigins: [],
    page: null,
    authenticator: door.authenticator,
    // A limit that counts each request and refuses none.
    rates: new PrincipalRates({ maxRequestsPerSecond: 1_000_000_000, maxRowsPerSecond: null }),
  }).server;
}

/** Takes the variables of the GraphQL requests and answers with the same values as plain JSON. */
function rawServer(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as {
        variables: { ids: string[]; names: string[] };
      };
      const features = entityType.features.filter(({ name }) => variables.names.includes(name));
      void store.read({ entityType, entityIds: variables.ids, features, now: systemClock() }).then((rows) => {
        const values = rows.map((row) =>
          row.map(({ value }, index) => {
            const feature = features[index];
            return value === null || !feature ? null : toClientValue(feature.valueType, value);
          }),
        );
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(values));
      });
    });
  });
}
