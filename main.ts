import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { register } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import type { Config } from './config/config.js';
import { costsConfig } from './config/costs-config.js';
import { projectRoot } from './config/project-root.js';
import type { PrepareProgress } from './datasources/ingestion/prepare.js';
import { JobEngine } from './datasources/jobs/job-engine.js';
import { LmdbJobStore } from './datasources/jobs/lmdb/lmdb-job-store.js';
import { openCosts } from './datasources/prices/lmdb/open-costs.js';
import { FeatureSearch } from './datasources/registry/feature-search.js';
import { loadRegistry } from './datasources/registry/yaml/load-registry.js';
import { AppError } from './errors/app-error.js';
import type { Logger } from './observability/logger.js';
import { createShadowMetrics } from './observability/shadow-metrics.js';
import { buildSchema } from './resolvers/build-schema.js';
import { createContext, type Services } from './resolvers/context.js';
import { createApolloServer } from './server/apollo.js';
import { readExampleQueries } from './server/example-queries.js';
import { createHealth } from './server/health.js';
import { createHttpServer } from './server/http-server.js';
import { shutDown } from './server/shutdown.js';
import { openStores } from './composition/stores.js';
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

/** Each job may use all cores of the machine; the others wait. */
const MAX_RUNNING_JOBS = 2;

/** Stands where the local runners will: a job that nobody does must not be taken. */
async function noRunner(): Promise<never> {
  throw new AppError('STORE_UNAVAILABLE', 'This gateway runs no jobs of this kind.');
}

/** The composition root: configuration, datasources, schema, server. Nothing else wires. */
export async function startGateway({ config, logger, onPrepare }: GatewayOptions): Promise<Gateway> {
  const registryPath = config.registryPath ?? join(projectRoot, 'examples/flights/registry.yaml');
  const registry = await loadRegistry(registryPath);
  const schema = buildSchema(registry);

  const stores = await openStores(registry, config.dataDirectory, { shadowReport: createShadowMetrics(register) });
  await stores.prepare(onPrepare);
  const costs = await openCosts({ ...costsConfig(config), clock: systemClock, newId: uuidv7 });

  const jobs = new JobEngine({
    store: new LmdbJobStore(join(config.dataDirectory, 'jobs')),
    // The local runners of batch predictions and training sets go here.
    runners: [],
    clock: systemClock,
    newId: () => uuidv7(),
    maxRunning: MAX_RUNNING_JOBS,
    onError: (error, job) => logger.error({ err: error, job: job.id }, 'a job failed'),
  });
  await jobs.resume();

  const services: Services = {
    registry,
    search: new FeatureSearch(registry),
    stores,
    costs,
    jobs,
    // And the local batch predictions and training sets here.
    batchPredictions: {
      start: noRunner,
      retryFailed: noRunner,
      predictions: noRunner,
      failures: noRunner,
      metrics: noRunner,
    },
    trainingSets: { preview: noRunner, start: noRunner },
    clock: systemClock,
  };
  const apollo = createApolloServer({
    schema,
    logger,
    maxQueryCost: config.maxQueryCost,
    isIntrospectionAllowed: config.isIntrospectionAllowed,
  });
  await apollo.start();
  const health = createHealth(() => stores.isHealthy());
  const http = createHttpServer({
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
  http.server.listen(config.port, config.host);
  await once(http.server, 'listening');

  return {
    url: urlOf(http.server.address() as AddressInfo),
    stop: () =>
      shutDown({
        http,
        drain: () => health.drain(),
        delayMs: config.shutdownDelayMs,
        thenStop: [() => apollo.stop(), () => jobs.stop(), () => stores.close(), () => costs.close()],
      }),
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  const isAnywhere = address === '0.0.0.0' || address === '::';
  const host = isAnywhere || address === '127.0.0.1' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}/graphql`;
}
