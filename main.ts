import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { openBigQueryStores } from './bigquery-stores.js';
import type { Config } from './config/config.js';
import { costsConfig } from './config/costs-config.js';
import { projectRoot } from './config/project-root.js';
import type { FeatureStores } from './datasources/feature-stores.js';
import { prepareStores, type PrepareProgress } from './datasources/ingestion/prepare.js';
import { DuckDbDatabase } from './datasources/offline/duckdb/database.js';
import { DuckDbOfflineStore } from './datasources/offline/duckdb/duckdb-offline-store.js';
import { LmdbOnlineStore } from './datasources/online/lmdb/lmdb-online-store.js';
import { openCosts } from './datasources/prices/lmdb/open-costs.js';
import { FeatureSearch } from './datasources/registry/feature-search.js';
import { loadRegistry } from './datasources/registry/yaml/load-registry.js';
import type { Logger } from './observability/logger.js';
import { buildSchema } from './resolvers/build-schema.js';
import { createContext, type Services } from './resolvers/context.js';
import { createApolloServer } from './server/apollo.js';
import { readExampleQueries } from './server/example-queries.js';
import { createHealth } from './server/health.js';
import { createHttpServer } from './server/http-server.js';
import { shutDown } from './server/shutdown.js';
import { systemClock } from './values/clock.js';

/** A gateway that serves. */
export interface Gateway {
  readonly url: string;
  /** Ends the requests in flight, then everything else. */
  readonly stop: () => Promise<void>;
}

export interface GatewayOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly onPrepare: (progress: PrepareProgress) => void;
}

/** The composition root: configuration, datasources, schema, server. Nothing else wires. */
export async function startGateway({ config, logger, onPrepare }: GatewayOptions): Promise<Gateway> {
  const registryPath = config.registryPath ?? join(projectRoot, 'examples/flights/registry.yaml');
  const registry = await loadRegistry(registryPath);
  const schema = buildSchema(registry);

  await mkdir(config.dataDirectory, { recursive: true });
  const costs = await openCosts({ ...costsConfig(config), clock: systemClock, newId: uuidv7 });
  const entityTypes = registry.featurestores
    .filter(({ offlineSettings }) => offlineSettings.kind === 'DUCKDB')
    .flatMap((featurestore) => featurestore.entityTypes);
  const bigQuery = await openBigQueryStores(registry);
  const offline = await DuckDbOfflineStore.open(
    await DuckDbDatabase.open(join(config.dataDirectory, 'offline.duckdb')),
    entityTypes.flatMap((entityType) => entityType.sources),
  );
  const online = new LmdbOnlineStore(join(config.dataDirectory, 'online'));
  await prepareStores(registry, offline, online, onPrepare);

  const stores: FeatureStores = {
    online: () => online,
    offline: (featurestore) => bigQuery.get(featurestore) ?? offline,
  };
  const services: Services = { registry, search: new FeatureSearch(registry), stores, costs, clock: systemClock };
  const apollo = createApolloServer({
    schema,
    logger,
    maxQueryCost: config.maxQueryCost,
    isIntrospectionAllowed: config.isIntrospectionAllowed,
  });
  await apollo.start();
  const all = [online, offline, ...bigQuery.values()];
  const health = createHealth(async () => (await Promise.all(all.map((store) => store.isHealthy()))).every(Boolean));
  const server = createHttpServer({
    apollo,
    createContext: (requestId) => createContext(services, requestId),
    health,
    logger,
    maxBodyBytes: config.maxBodyBytes,
    corsOrigins: config.corsOrigins,
    page: config.isGraphiqlServed
      ? {
          folder: join(projectRoot, 'dist/console'),
          examples: await readExampleQueries(join(dirname(registryPath), 'queries')),
        }
      : null,
  });
  server.listen(config.port, config.host);
  await once(server, 'listening');

  return {
    url: urlOf(server.address() as AddressInfo),
    stop: () =>
      shutDown({
        server,
        drain: () => health.drain(),
        delayMs: config.shutdownDelayMs,
        thenStop: [() => apollo.stop(), () => online.close(), () => offline.close(), () => costs.close()],
      }),
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  const isAnywhere = address === '0.0.0.0' || address === '::';
  const host = isAnywhere || address === '127.0.0.1' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}/graphql`;
}
