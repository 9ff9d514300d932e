import { requestScope } from '../../observability/request-scope.js';
import { FeatureStatistics } from '../../statistics/feature-statistics.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { Registry as MetricsRegistry } from 'prom-client';
import { OPEN_AUTHENTICATOR } from '../../auth/authenticator.js';
import { openFeatureViewSyncs, type FeatureViewSyncOptions } from '../../composition/feature-view-syncs.js';
import { measuredJobStore } from '../../composition/measured-job-store.js';
import { measuredStores } from '../../composition/measured-stores.js';
import type { AuditLog } from '../../auth/audit/audit-log.js';
import { Policy } from '../../auth/policy/policy.js';
import type { ServedLog } from '../../serving/served-log/served-log.js';
import { NO_DATA_VERSIONS } from '../../serving/data-versions.js';
import type { FeatureStores } from '../../serving/feature-stores.js';
import type { BatchPredictions } from '../../batch-prediction/batch-predictions.js';
import { JobEngine } from '../../jobs/job-engine.js';
import type { JobHandler } from '../../jobs/job-handler.js';
import { LmdbJobStore } from '../../datasources/job-store/lmdb/lmdb-job-store.js';
import { newJobId } from '../../jobs/new-job-id.js';
import { JobAccounting } from '../../costs/job-accounting.js';
import type { OpenCostsOptions } from '../../composition/open-costs.js';
import type { RegistryUpdates } from '../../ingestion/registry-updates.js';
import { NO_STREAMS, type Streams } from '../../ingestion/streams/streams.js';
import type { SourceRefreshes } from '../../ingestion/source-refreshes.js';
import { LocalMonitors } from '../../monitors/local-monitors.js';
import { MonitorRunHandler } from '../../monitors/monitor-run-handler.js';
import { Webhook } from '../../monitors/webhook.js';
import { ServedSkew } from '../../statistics/served-skew/served-skew.js';
import { SkewComparison } from '../../statistics/served-skew/skew-comparison.js';
import type { MadeTrainingSets } from '../../training-sets/made-rows.js';
import type { TrainingSets } from '../../training-sets/training-sets.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { FeatureRow, OfflineStore, PointInTimeRead } from '../../datasources/offline/offline-store.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineRead, OnlineStore } from '../../datasources/online/online-store.js';
import type { FeatureWrites } from '../../ingestion/writes/feature-writes.js';
import { FeatureSearch } from '../../datasources/registry/feature-search.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import { PROCESS_LIMITS } from '../../limits/process-limits.js';
import type { LimitPolicy } from '../../limits/limit-mode.js';
import type { Pressure } from '../../limits/process-pressure.js';
import { PrincipalRates } from '../../limits/principal-rates.js';
import { WorkInFlight, type WorkLimits } from '../../limits/work-in-flight.js';
import { createGatewayMetrics } from '../../observability/gateway-metrics.js';
import { createLogger, type Logger } from '../../observability/logger.js';
import { buildSchema } from '../../resolvers/build-schema.js';
import { createContext, type Services } from '../../resolvers/context.js';
import { startGraphql } from '../../server/start-graphql.js';
import type { TrustedDocuments } from '../../server/trusted-documents/trusted-documents.js';
import { CurrentRuntime } from '../../server/current-runtime.js';
import { createHealth } from '../../server/health.js';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../server/http-server.js';
import type { Clock } from '../../values/clock.js';
import { openTestCosts } from './costs.js';
import { storeWith } from './store-with.js';

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: any;
  readonly errors: readonly { message: string; path?: unknown[]; extensions: Record<string, unknown> }[] | undefined;
}

export interface TestGateway {
  readonly url: string;
  readonly schema: GraphQLSchema;
  readonly http: HttpServer;
  readonly services: Services;
  readonly metrics: MetricsRegistry;
  /** Every read that reached a store. */
  readonly reads: { online: OnlineRead[]; pointInTime: PointInTimeRead[] };
  ask(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  /** Stores rows offline and their newest values online. */
  write(source: FeatureSource, rows: readonly FeatureRow[]): Promise<void>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly clock?: Clock;
  readonly streams?: Streams;
  readonly maxQueryCost?: number;
  readonly maxResponseBytes?: number;
  readonly work?: Partial<WorkLimits>;
  readonly limits?: LimitPolicy;
  readonly pressure?: () => Pressure;
  readonly isIntrospectionAllowed?: boolean;
  /** Every request goes through Apollo. */
  readonly isHotLaneOff?: boolean;
  /** The gateway is a subgraph of Apollo Federation. */
  readonly isFederated?: boolean;
  /** Made for the schema of the gateway. */
  readonly trustedDocuments?: (schema: GraphQLSchema) => TrustedDocuments;
  readonly logger?: Logger;
  readonly http?: Partial<HttpServerOptions>;
  readonly costs?: Partial<OpenCostsOptions>;
  /** What does the jobs. */
  readonly handlers?: readonly JobHandler[];
  /** What starts jobs and reads their results, made with the engine that runs them. */
  readonly batchPredictions?: (jobs: JobEngine) => BatchPredictions;
  readonly trainingSets?: (jobs: JobEngine, stores: FeatureStores) => TrainingSets;
  readonly madeTrainingSets?: MadeTrainingSets;
  /** The secret of all webhooks of monitors. Absent: no variable is set. */
  readonly monitorSecret?: string;
  readonly writers?: FeatureWrites;
  /** Absent: everything is allowed. */
  readonly policy?: Policy;
  /** Absent: there is none. */
  readonly auditLog?: AuditLog;
  /** Absent: there is none. */
  readonly servedLog?: ServedLog;
  readonly sourceRefreshes?: SourceRefreshes;
  readonly registryUpdates?: RegistryUpdates;
  /** Of the syncs that the gateway can do by itself. */
  readonly syncs?: Partial<Pick<FeatureViewSyncOptions, 'vertexClient' | 'pollMs' | 'fillOwner' | 'onUnanswered'>>;
  /** Stands between the gateway and its stores, to break them. */
  readonly wrap?: (stores: FeatureStores) => FeatureStores;
}

/** A whole gateway over real stores in a temporary folder, listening on a port of its own. */
export async function startTestGateway(registry: Registry, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-gateway-'));
  const entityTypes = registry.featurestores.flatMap((featurestore) => featurestore.entityTypes);
  const offline = await DuckDbOfflineStore.open(
    await DuckDbDatabase.open(join(folder, 'offline.duckdb')),
    entityTypes.flatMap((entityType) => entityType.sources),
  );
  const online = new LmdbOnlineStore(join(folder, 'online'));
  const reads: TestGateway['reads'] = { online: [], pointInTime: [] };
  const counted: FeatureStores = {
    online: () => countReads(online, reads.online),
    offline: () => countPointInTime(offline, reads.pointInTime),
  };
  const logger = options.logger ?? createLogger('silent');
  const clock = options.clock ?? (() => 1_000_000_000_000_000n);
  const metricsRegistry = new MetricsRegistry();
  const metrics = createGatewayMetrics(metricsRegistry);
  const costs = await openTestCosts({ folder: join(folder, 'costs'), clock, ...options.costs });
  const stores = options.wrap?.(counted) ?? counted;
  const syncs = openFeatureViewSyncs({
    registry,
    stores,
    // Its one store is its own.
    fillOwner: async () => 'THIS_GATEWAY',
    clock,
    onUnanswered: () => undefined,
    ...options.syncs,
  });
  const skewComparison = (of: FeatureStores): SkewComparison =>
    new SkewComparison({
      stores: of,
      trainingSets: options.madeTrainingSets ?? ({} as MadeTrainingSets),
      servedLog: options.servedLog ?? null,
    });
  const jobStore = measuredJobStore(new LmdbJobStore(join(folder, 'jobs')), metrics);
  const monitorRun = new MonitorRunHandler({
    registry,
    stores,
    servedSkew: skewComparison(stores),
    jobs: jobStore,
    webhook: new Webhook({ secretOf: () => options.monitorSecret ?? null, now: Date.now, firstPauseMs: 1 }),
    clock,
    onUndelivered: (err) => logger.error({ err }, 'an alert was not delivered'),
  });
  const jobs = new JobEngine({
    store: jobStore,
    handlers: [monitorRun, ...syncs.handlers, ...(options.handlers ?? [])],
    clock,
    newId: newJobId,
    maxRunning: 4,
    accounting: new JobAccounting(costs, clock),
    onError: (error) => logger.error({ err: error }, 'a job failed'),
  });
  const measured = measuredStores(stores, metrics);
  const services: Services = {
    registry,
    search: new FeatureSearch(registry),
    stores: measured,
    versions: NO_DATA_VERSIONS,
    costs,
    jobs,
    batchPredictions: options.batchPredictions?.(jobs) ?? ({} as BatchPredictions),
    trainingSets: options.trainingSets?.(jobs, stores) ?? ({} as TrainingSets),
    statistics: new FeatureStatistics({
      engine: jobs,
      stores: measured,
      currentSignal: () => requestScope.getStore()?.signal,
      onAnswer: metrics.statistics,
    }),
    // Tests of outputs start the whole gateway, whose jobs write them.
    outputStatistics: {} as Services['outputStatistics'],
    backtests: {} as Services['backtests'],
    monitors: new LocalMonitors(jobs, monitorRun),
    featureViewSyncs: syncs.createSyncs(jobs),
    writers: options.writers ?? ({} as FeatureWrites),
    streams: options.streams ?? NO_STREAMS,
    sourceRefreshes: options.sourceRefreshes ?? ({} as SourceRefreshes),
    registryUpdates: options.registryUpdates ?? ({} as RegistryUpdates),
    policy: options.policy ?? new Policy(),
    auditLog: options.auditLog ?? null,
    servedLog: options.servedLog ?? null,
    servedSkew: new ServedSkew({
      engine: jobs,
      comparison: skewComparison(measured),
      currentSignal: () => requestScope.getStore()?.signal,
    }),
    clock,
  };
  const schema = buildSchema(registry, { isFederated: options.isFederated ?? false });
  const work = new WorkInFlight({ ...PROCESS_LIMITS.work, ...options.work }, options.limits, options.pressure);
  const graphql = await startGraphql({
    schema,
    logger,
    metrics,
    maxQueryCost: options.maxQueryCost ?? 1_000_000,
    maxResponseBytes: options.maxResponseBytes ?? 67_108_864,
    work,
    ...(options.limits ? { limits: options.limits } : {}),
    isIntrospectionAllowed: options.isIntrospectionAllowed ?? true,
    isHotLaneOff: options.isHotLaneOff ?? false,
    ...(options.trustedDocuments ? { trustedDocuments: options.trustedDocuments(schema) } : {}),
  });
  const http = createHttpServer({
    runtime: new CurrentRuntime({
      ...graphql,
      createContext: (requestId, principal) => createContext(services, requestId, principal),
    }),
    health: createHealth(async () => await services.stores.online(registry.featurestores[0]!).isHealthy()),
    logger,
    metrics,
    maxBodyBytes: 1_048_576,
    work,
    corsOrigins: [],
    page: null,
    authenticator: OPEN_AUTHENTICATOR,
    rates: new PrincipalRates({ maxRequestsPerSecond: null, maxRowsPerSecond: null }),
    ...options.http,
  });
  http.server.listen(0, '127.0.0.1');
  await once(http.server, 'listening');
  const url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}/graphql`;

  return {
    url,
    schema,
    metrics: metricsRegistry,
    http,
    services,
    reads,
    ask: async (query, variables) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return {
        status: response.status,
        headers: response.headers,
        ...((await response.json()) as object),
      } as GraphqlAnswer;
    },
    write: async (source, rows) => {
      await offline.append(source, rows);
      for await (const writes of offline.newest(source)) await online.write(source.entityType, writes);
    },
    close: async () => {
      http.server.close();
      http.cutOff();
      await graphql.apollo.stop();
      await jobs.stop();
      await syncs.close();
      await online.close();
      await offline.close();
      await costs.close();
      await rm(folder, { recursive: true });
    },
  };
}

function countReads(store: OnlineStore, reads: OnlineRead[]): OnlineStore {
  return {
    maxEntityIdsPerRead: store.maxEntityIdsPerRead,
    read: (read) => {
      reads.push(read);
      return store.read(read);
    },
    ...(store.readTexts && {
      readTexts: (read: OnlineRead) => {
        reads.push(read);
        return store.readTexts!(read);
      },
    }),
    write: (entityType, writes) => store.write(entityType, writes),
    delete: (entityType, entityIds) => store.delete(entityType, entityIds),
    isHealthy: () => store.isHealthy(),
    close: () => store.close(),
  };
}

function countPointInTime(store: OfflineStore, reads: PointInTimeRead[]): OfflineStore {
  return storeWith(store, {
    pointInTime: (read) => {
      reads.push(read);
      return store.pointInTime(read);
    },
  });
}
