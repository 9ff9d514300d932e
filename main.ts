import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { register } from 'prom-client';
import type { Config } from './config/config.js';
import { projectRoot } from './config/project-root.js';
import type { PrepareProgress } from './datasources/ingestion/prepare.js';
import { FeatureSearch } from './datasources/registry/feature-search.js';
import { loadRegistry } from './datasources/registry/yaml/load-registry.js';
import type { Logger } from './observability/logger.js';
import { createShadowMetrics } from './observability/shadow-metrics.js';
import { buildSchema } from './resolvers/build-schema.js';
import { createContext, type Services } from './resolvers/context.js';
import { createApolloServer } from './server/apollo.js';
import { readExampleQueries } from './server/example-queries.js';
import { createHealth } from './server/health.js';
import { createHttpServer } from './server/http-server.js';
import { shutDown } from './server/shutdown.js';
import { openStores } from './stores.js';
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

  const stores = await openStores(registry, config.dataDirectory, { shadowReport: createShadowMetrics(register) });
  await stores.prepare(onPrepare);

  const services: Services = { registry, search: new FeatureSearch(registry), stores, clock: systemClock };
  const apollo = createApolloServer({
    schema,
    logger,
    maxQueryCost: config.maxQueryCost,
    isIntrospectionAllowed: config.isIntrospectionAllowed,
  });
  await apollo.start();
  const health = createHealth(() => stores.isHealthy());
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
        thenStop: [() => apollo.stop(), () => stores.close()],
      }),
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  const isAnywhere = address === '0.0.0.0' || address === '::';
  const host = isAnywhere || address === '127.0.0.1' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}/graphql`;
}
