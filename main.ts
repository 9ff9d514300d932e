import { dirname, join } from 'node:path';
import { collectDefaultMetrics, Registry as MetricsRegistry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { FailedAuthentications } from './auth/failed-authentications.js';
import { FilePolicy } from './composition/file-policy.js';
import { requireOnnxRuntime } from './batch-prediction/models/onnx/onnx-runtime-package.js';
import { toStoreClients, type GoogleClientOptions } from './composition/google-clients.js';
import { openAudit } from './composition/open-audit.js';
import { openAdmission } from './composition/admission.js';
import { openAuthenticator } from './composition/open-authenticator.js';
import { openJobs } from './composition/jobs.js';
import { measuredStores } from './composition/measured-stores.js';
import { measuredWrites } from './composition/measured-writes.js';
import { openOrDispose } from './runtime/open-or-dispose.js';
import { checkStores } from './composition/check-stores.js';
import { measureSources } from './composition/measure-sources.js';
import { openSharedRegistry } from './composition/registry.js';
import type { PlannedRegistry } from './composition/plan-registry.js';
import { FileRegistryUpdates } from './composition/registry-updates.js';
import { pageExamples } from './composition/page-examples.js';
import { openStores } from './composition/stores.js';
import { openStreams } from './composition/streams.js';
import { readBacklog } from './composition/write-backlog.js';
import { refreshStale } from './composition/refresh-stale.js';
import { reportRows } from './composition/report-rows.js';
import type { Config } from './config/config.js';
import { costsConfig } from './config/costs-config.js';
import { projectRoot } from './config/project-root.js';
import { registryPathOf } from './config/registry-path.js';
import type { AppliedRegistry } from './ingestion/registry-updates.js';
import type { PrepareProgress } from './ingestion/prepare.js';
import { openCosts } from './composition/open-costs.js';
import { FeatureSearch } from './datasources/registry/feature-search.js';
import { Registry } from './datasources/registry/registry.js';
import { PrincipalRates } from './limits/principal-rates.js';
import { createGatewayMetrics } from './observability/gateway-metrics.js';
import type { Logger } from './observability/logger.js';
import { createShadowMetrics } from './observability/shadow-metrics.js';
import { createSourceMetrics } from './observability/source-metrics.js';
import { createStoreMetrics } from './observability/store-metrics.js';
import { startTracing } from './observability/tracing.js';
import { createWriteMetrics } from './observability/write-metrics.js';
import { buildSchema } from './resolvers/build-schema.js';
import { createContext, type Services } from './resolvers/context.js';
import { allowedHosts, allowedMetricsHosts } from './server/allowed-hosts.js';
import { createApolloServer } from './server/apollo.js';
import { CurrentRuntime, type Runtime } from './server/current-runtime.js';
import { createHealth } from './server/health.js';
import { createHttpServer } from './server/http-server.js';
import { checkAddresses, listen, originOf, type ListenAddress } from './server/listen.js';
import { createMetricsServer } from './server/metrics-server.js';
import { readTls, reloadTls } from './server/tls.js';
import { shutDown } from './server/shutdown.js';
import { systemClock } from './values/clock.js';

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  /** The address of the Prometheus metrics; null when they are not served. */
  readonly metricsUrl: string | null;
  /** Applies the registry file as it is now, also if it can break clients, and refreshes what is out of date. */
  readonly reload: () => Promise<AppliedRegistry>;
  /** The files, folders and patterns of the tables that SQL reads. */
  readonly tablePaths: readonly string[];
  /** Waits for the running requests, then stops everything else. */
  readonly stop: () => Promise<void>;
}

export interface GatewayOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly onPrepare: (progress: PrepareProgress) => void;
  /** For tests: how often the files of the certificate are looked at. */
  readonly tlsLookEveryMs?: number;
  /** For tests. */
  readonly google?: GoogleClientOptions;
}

/**
 * The composition root: configuration, datasources, schema, server. No other module wires them. If the start fails, it
 * closes everything.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  return openOrDispose((opened) => start(options, opened));
}

async function start(
  { config, logger, onPrepare, google, tlsLookEveryMs }: GatewayOptions,
  opened: AsyncDisposableStack,
): Promise<Gateway> {
  const { host, port, metricsPort } = config;
  const address: ListenAddress = { host, port, variable: 'PORT' };
  const metricsAddress: ListenAddress | null =
    metricsPort === null ? null : { host, port: metricsPort, variable: 'METRICS_PORT' };
  if (config.isTraced) {
    // Started first and stopped last, so that no span is lost.
    const tracing = await startTracing();
    opened.defer(() => tracing.stop());
  }
  const tls = config.tls && (await readTls(config.tls));
  const authenticator = await openAuthenticator(config, logger, systemClock);
  opened.defer(() => authenticator.close());
  await checkAddresses(metricsAddress ? [address, metricsAddress] : [address]);
  const registryPath = registryPathOf(config);
  const isShared = config.sharedJobs !== null;
  const { registry: first, skipped: leftOut } = await openSharedRegistry(registryPath, google, isShared);
  const policy = await FilePolicy.open(config.policyPath, first);
  // Jobs and schedules share one registry, which becomes the next one. A request has one that does not change.
  const registry = new Registry(first.featurestores, first.models);
  for (const [featurestore, sentences] of leftOut) {
    for (const what of sentences) logger.warn({ featurestore, what }, 'not taken over from Vertex AI');
  }
  await requireOnnxRuntime(registry.models);
  const schema = buildSchema(first);

  // A registry for this gateway only: all gateways of a process would share the library's global registry.
  const metricsRegistry = new MetricsRegistry();
  const auditLog = await openAudit(config, logger, metricsRegistry, opened);
  const metrics = createGatewayMetrics(metricsRegistry);
  const metricsServer =
    metricsAddress && createMetricsServer(metricsRegistry, allowedMetricsHosts(host, config.allowedHosts));
  if (metricsServer) {
    collectDefaultMetrics({ register: metricsRegistry });
    await listen(metricsServer, metricsAddress);
    // Opened first and closed last, so that the metrics show a start or a stop that hangs.
    opened.defer(() => metricsServer.close().closeAllConnections());
  }
  const stores = await openStores(registry, config.dataDirectory, {
    shadowReport: createShadowMetrics(metricsRegistry),
    onWriteError: (err) => logger.error({ err }, 'written rows are not in every store yet; this is repeated'),
    onUnknownRows: (rows) =>
      logger.error({ rows }, 'written rows were dropped: the registry no longer has their source'),
    memoryLimitBytes: config.duckDbMemoryBytes,
    ...toStoreClients(google),
  });
  opened.defer(() => stores.close());
  const prepared = await stores.prepare(onPrepare);
  reportRows(logger, prepared.rejectedRows, 'rows without id or time were kept out');
  reportRows(logger, prepared.futureRows, 'rows of the future are served when their time comes');
  const costs = await openCosts({ ...costsConfig(config), clock: systemClock, newId: uuidv7 });
  opened.defer(() => costs.close());

  const jobs = await openJobs({
    registry,
    stores,
    costs,
    config,
    logger,
    metrics,
    google,
  });
  opened.defer(() => jobs.close());
  await refreshStale(jobs.sourceRefreshes, logger, prepared.stale, 'START');

  const writeMetrics = createWriteMetrics(metricsRegistry, () => readBacklog(stores, systemClock));
  const writers = { ...stores.writers, ...measuredWrites(stores.writers, writeMetrics) };
  const streams = openStreams({
    registry,
    writer: writers.writer,
    clock: systemClock,
    logger,
    metrics: metricsRegistry,
  });
  opened.defer(() => streams.close());
  const { work, limits, stop: stopAdmission } = openAdmission(config.limitMode, { logger, metrics, metricsRegistry });
  opened.defer(stopAdmission);
  const openRuntime = async ({ registry: served, schema: of }: PlannedRegistry): Promise<Runtime> => {
    const services: Services = {
      registry: served,
      search: new FeatureSearch(served),
      stores: measured,
      costs,
      jobs: jobs.engine,
      batchPredictions: jobs.batchPredictions,
      trainingSets: jobs.trainingSets,
      featureViewSyncs: jobs.featureViewSyncs,
      writers,
      streams,
      sourceRefreshes: jobs.sourceRefreshes,
      registryUpdates,
      policy,
      auditLog,
      clock: systemClock,
    };
    const { maxQueryCost, maxResponseBytes, isIntrospectionAllowed } = config;
    const apollo = createApolloServer({
      schema: of,
      logger,
      metrics,
      maxQueryCost,
      maxResponseBytes,
      isIntrospectionAllowed,
      work,
      limits,
    });
    await apollo.start();
    return { apollo, createContext: (requestId, principal) => createContext(services, requestId, principal) };
  };
  const measured = measuredStores(stores, metrics);
  const registryUpdates = new FileRegistryUpdates({
    folders: [registryPath, ...(config.policyPath === null ? [] : [config.policyPath])].map((path) => dirname(path)),
    first: { registry: first, schema },
    stores,
    read: async () => {
      const { registry: next } = await openSharedRegistry(registryPath, google, isShared);
      await requireOnnxRuntime(next.models);
      await policy.readWith(next);
      return next;
    },
    serve: async (next, stale) => {
      runtime.replace(await openRuntime(next));
      registry.become(next.registry);
      policy.serveWith(next.registry);
      examples = pageExamples(next.registry, stores, queriesFolder);
      await jobs.registryChanged();
      await streams.become(next.registry);
      logger.info({}, 'another registry is served');
      return refreshStale(jobs.sourceRefreshes, logger, stale, 'REGISTRY');
    },
  });
  const runtime = new CurrentRuntime(await openRuntime({ registry: first, schema }), (err) =>
    logger.error({ err }, 'a schema that was replaced did not stop'),
  );
  opened.defer(() => runtime.stop());
  createStoreMetrics(metricsRegistry, () => checkStores(registry, stores));
  createSourceMetrics(metricsRegistry, () => measureSources(registry, jobs.sourceRefreshes, systemClock));
  const health = createHealth(() => stores.isReady());
  const queriesFolder = join(dirname(registryPath), 'queries');
  let examples = pageExamples(first, stores, queriesFolder);
  const http = createHttpServer({
    runtime,
    health,
    logger,
    metrics,
    maxBodyBytes: config.maxBodyBytes,
    work,
    corsOrigins: config.corsOrigins,
    ...(tls ? { tls } : {}),
    isAllowedHost: allowedHosts(host, config.allowedHosts),
    ingest: { registry, writer: writers.writer, policy, auditLog },
    authenticator,
    failures: new FailedAuthentications({ authenticator, auditLog }),
    rates: new PrincipalRates(config),
    page: config.isGraphiqlServed ? { folder: join(projectRoot, 'dist/console'), examples: () => examples() } : null,
  });
  await listen(http.server, address);
  if (config.tls) opened.use(reloadTls(http.server, config.tls, logger, tlsLookEveryMs));

  return {
    url: `${originOf(http.server)}/graphql`,
    metricsUrl: metricsServer && `${originOf(metricsServer)}/metrics`,
    reload: () => registryUpdates.apply({ force: true }),
    tablePaths: first.featurestores.flatMap(({ tables }) => [...tables.values()].map(({ path }) => path)),
    stop: () =>
      shutDown({
        http,
        drain: () => health.drain(),
        delayMs: config.shutdownDelayMs,
        graceMs: config.shutdownGraceMs,
        thenStop: [() => opened.disposeAsync()],
      }),
  };
}
