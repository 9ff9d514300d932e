import { dirname, join } from 'node:path';
import { Registry as MetricsRegistry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { FailedAuthentications } from './auth/failed-authentications.js';
import { FilePolicy } from './composition/file-policy.js';
import { FileTrustedDocuments } from './composition/file-trusted-documents.js';
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
import type { PlannedRegistry } from './composition/planned-registry.js';
import { FileRegistryUpdates } from './composition/registry-updates.js';
import { pageExamples } from './composition/page-examples.js';
import { openStores } from './composition/stores.js';
import { createAnalyses } from './composition/analyses.js';
import { SkewComparison } from './statistics/served-skew/skew-comparison.js';
import { openServedLogOf } from './composition/open-served-log.js';
import { openStreams } from './composition/streams.js';
import { openWriteMetrics } from './composition/open-write-metrics.js';
import { warmUp } from './composition/warm-up.js';
import { refreshStale } from './composition/refresh-stale.js';
import { countViolating, reportLeftOut, reportRows } from './composition/report-start.js';
import { reportStores } from './composition/report-stores.js';
import type { Config } from './config/config.js';
import { costsConfig } from './config/costs-config.js';
import { projectRoot } from './config/project-root.js';
import { registryPathOf } from './config/registry-path.js';
import type { AppliedRegistry } from './ingestion/registry-updates.js';
import type { PrepareProgress } from './ingestion/prepare.js';
import { openCosts } from './composition/open-costs.js';
import { openBilledQueries, settleLostBills } from './composition/open-lost-bills.js';
import { openMetricsServer } from './composition/open-metrics-server.js';
import { FeatureSearch } from './datasources/registry/feature-search.js';
import { Registry } from './datasources/registry/registry.js';
import { PrincipalRates } from './limits/principal-rates.js';
import { createGatewayMetrics } from './observability/gateway-metrics.js';
import type { Logger } from './observability/logger.js';
import { createSourceMetrics } from './observability/source-metrics.js';
import { createStoreMetrics } from './observability/store-metrics.js';
import { startTracing } from './observability/tracing.js';
import { buildSchema } from './resolvers/build-schema.js';
import { createContext, type Services } from './resolvers/context.js';
import { allowedHosts } from './server/allowed-hosts.js';
import { CurrentRuntime, type Runtime } from './server/current-runtime.js';
import { createHealth } from './server/health.js';
import { createHttpServer } from './server/http-server.js';
import { checkAddresses, listen, originOf, type ListenAddress } from './server/listen.js';
import { readTls, reloadTls } from './server/tls.js';
import { shutDown } from './server/shutdown.js';
import { startGraphql } from './server/start-graphql.js';
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
  reportLeftOut(logger, leftOut);
  await requireOnnxRuntime(registry.models);
  const schema = buildSchema(first, config);
  const trustedDocuments = new FileTrustedDocuments(config);
  await trustedDocuments.readWith(schema);

  // A registry for this gateway only: all gateways of a process would share the library's global registry.
  const metricsRegistry = new MetricsRegistry();
  const auditLog = await openAudit(config, logger, metricsRegistry, opened);
  const metrics = createGatewayMetrics(metricsRegistry);
  // Opened first and closed last, so that the metrics show a start or a stop that hangs.
  const metricsServer = metricsAddress && (await openMetricsServer(metricsRegistry, metricsAddress, config));
  if (metricsServer) opened.defer(() => metricsServer.close().closeAllConnections());
  const stores = await openStores(registry, config.dataDirectory, {
    ...reportStores(logger, metricsRegistry),
    maxHistoryRows: config.maxHistoryRows,
    sharedTable: config.sharedJobs?.table ?? null,
    memoryLimitBytes: config.duckDbMemoryBytes,
    ...toStoreClients(google),
  });
  opened.defer(() => stores.close());
  const prepared = await stores.prepare(onPrepare);
  reportRows(logger, prepared.rejectedRows, 'rows without id or time were kept out');
  reportRows(logger, countViolating(prepared.imported), 'rows are not as the registry expects');
  reportRows(logger, prepared.futureRows, 'rows of the future are served when their time comes');
  const costs = await openCosts({ ...costsConfig(config), clock: systemClock, newId: uuidv7 });
  opened.defer(() => costs.close());
  const billedQueries = openBilledQueries(google);
  await settleLostBills(costs, billedQueries, { config, logger, opened });

  const reports = { logger, metrics: metricsRegistry, opened };
  const { servedLog, writes } = await openServedLogOf(config, stores.writers, reports);
  const jobs = await openJobs({
    ...{ registry, stores, costs, config, logger, metrics, metricsRegistry, google, billedQueries },
    servedLog,
  });
  opened.defer(() => jobs.close());
  await refreshStale(jobs.sourceRefreshes, logger, prepared.stale, 'START');

  const writers = { ...writes, ...measuredWrites(writes, openWriteMetrics(metricsRegistry, stores, systemClock)) };
  const streams = openStreams({ ...reports, registry, writer: writers.writer, clock: systemClock });
  opened.defer(() => streams.close());
  const { work, limits, stop: stopAdmission } = openAdmission(config.limitMode, { logger, metrics, metricsRegistry });
  opened.defer(stopAdmission);
  const servicesOf = async (planned: PlannedRegistry): Promise<Services> => ({
    registry: planned.registry,
    search: new FeatureSearch(planned.registry),
    stores: measured,
    versions: await stores.dataVersions(planned),
    costs,
    jobs: jobs.engine,
    batchPredictions: jobs.batchPredictions,
    trainingSets: jobs.trainingSets,
    statistics,
    outputStatistics: jobs.outputStatistics,
    monitors: jobs.monitors,
    backtests: jobs.backtests,
    featureViewSyncs: jobs.featureViewSyncs,
    writers,
    streams,
    sourceRefreshes: jobs.sourceRefreshes,
    registryUpdates,
    policy,
    auditLog,
    servedLog,
    servedSkew,
    clock: systemClock,
  });
  const openRuntime = async (planned: PlannedRegistry, services?: Services): Promise<Runtime> => {
    const { schema: of } = planned;
    const ofRegistry = services ?? (await servicesOf(planned));
    const trusted = { trustedDocuments: trustedDocuments.of(of) };
    const graphql = await startGraphql({ ...config, ...trusted, schema: of, logger, metrics, work, limits });
    return { ...graphql, createContext: (requestId, principal) => createContext(ofRegistry, requestId, principal) };
  };
  const measured = measuredStores(stores, metrics);
  const { statistics, servedSkew } = createAnalyses({
    engine: jobs.engine,
    stores: measured,
    comparison: new SkewComparison({ stores: measured, trainingSets: jobs.madeTrainingSets, servedLog }),
    onAnswer: metrics.statistics,
  });
  const registryUpdates = new FileRegistryUpdates({
    folders: [registryPath, config.policyPath, config.trustedDocumentsPath].flatMap((path) =>
      path === null ? [] : [dirname(path)],
    ),
    first: { registry: first, schema },
    schema: config,
    stores,
    read: async () => {
      const { registry: next } = await openSharedRegistry(registryPath, google, isShared);
      await requireOnnxRuntime(next.models);
      await policy.readWith(next);
      return next;
    },
    check: ({ schema: next }) => trustedDocuments.readWith(next),
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
  const firstServices = await servicesOf({ registry: first, schema });
  const runtime = new CurrentRuntime(await openRuntime({ registry: first, schema }, firstServices), (err) =>
    logger.error({ err }, 'a schema that was replaced did not stop'),
  );
  opened.defer(() => runtime.stop());
  createStoreMetrics(metricsRegistry, () => checkStores(registry, stores));
  createSourceMetrics(metricsRegistry, () => measureSources(registry, jobs.sourceRefreshes, systemClock));
  let warm = Promise.resolve();
  const health = createHealth(() => stores.isReady(), { warmUp: () => warm });
  const queriesFolder = join(dirname(registryPath), 'queries');
  let examples = pageExamples(first, stores, queriesFolder);
  const http = createHttpServer({
    runtime,
    health,
    logger,
    metrics,
    maxBodyBytes: config.maxBodyBytes,
    work,
    auditLog,
    corsOrigins: config.corsOrigins,
    ...(tls ? { tls } : {}),
    isAllowedHost: allowedHosts(host, config.allowedHosts),
    ingest: { registry, writer: writers.writer, policy, auditLog },
    authenticator,
    failures: new FailedAuthentications({ authenticator, auditLog }),
    rates: new PrincipalRates(config),
    page: config.isGraphiqlServed
      ? { folder: join(projectRoot, 'dist/console'), examples: (principal) => examples(policy.accessOf(principal)) }
      : null,
  });
  await listen(http.server, address);
  warm = warmUp({ ...config, schema, services: { ...firstServices, stores } }).catch((err: unknown) =>
    logger.warn({ err }, 'the warm-up failed: the first requests are slower'),
  );
  opened.defer(() => warm);
  stores.historyKeeper?.start();
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
