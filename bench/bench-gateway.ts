import type { Server } from 'node:http';
import { Registry as MetricsRegistry } from 'prom-client';
import type { Authenticator } from '../auth/authenticator.js';
import type { AuditLog } from '../auth/audit/audit-log.js';
import type { Policy } from '../auth/policy/policy.js';
import type { BatchPredictions } from '../batch-prediction/batch-predictions.js';
import { measuredStores } from '../composition/measured-stores.js';
import { NO_DATA_VERSIONS } from '../serving/data-versions.js';
import { warmUp } from '../composition/warm-up.js';
import type { Costs } from '../costs/costs.js';
import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import { FeatureSearch } from '../datasources/registry/feature-search.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { FeatureViewSyncs } from '../ingestion/feature-view-syncs.js';
import type { RegistryUpdates } from '../ingestion/registry-updates.js';
import type { SourceRefreshes } from '../ingestion/source-refreshes.js';
import { NO_STREAMS } from '../ingestion/streams/streams.js';
import type { JobEngine } from '../jobs/job-engine.js';
import { PrincipalRates } from '../limits/principal-rates.js';
import { WorkInFlight } from '../limits/work-in-flight.js';
import { createGatewayMetrics } from '../observability/gateway-metrics.js';
import { createLogger } from '../observability/logger.js';
import { buildSchema } from '../resolvers/build-schema.js';
import { createContext, type Services } from '../resolvers/context.js';
import { CurrentRuntime } from '../server/current-runtime.js';
import { createHealth } from '../server/health.js';
import { createHttpServer } from '../server/http-server.js';
import type { ServedLog } from '../serving/served-log/served-log.js';
import { startGraphql } from '../server/start-graphql.js';
import type { TrainingSets } from '../training-sets/training-sets.js';
import { systemClock } from '../values/clock.js';

export interface BenchGatewayOptions {
  readonly authenticator: Authenticator;
  readonly policy: Policy;
  /** null: there is none. */
  readonly auditLog: AuditLog | null;
  /** null: there is none. */
  readonly servedLog: ServedLog | null;
  readonly logLevel: 'silent' | 'info';
  readonly isHotLaneOff: boolean;
  /** Absent: the first requests compile the code. */
  readonly isWarm?: boolean;
}

/** The gateway over one online store, without what reads of current values do not touch. */
export async function benchGateway(
  registry: Registry,
  store: LmdbOnlineStore,
  { authenticator, policy, auditLog, servedLog, logLevel, isHotLaneOff, isWarm }: BenchGatewayOptions,
): Promise<Server> {
  const metrics = createGatewayMetrics(new MetricsRegistry());
  const logger = createLogger(logLevel);
  const work = new WorkInFlight();
  const services: Services = {
    registry,
    search: new FeatureSearch(registry),
    versions: NO_DATA_VERSIONS,
    stores: measuredStores({ online: () => store, offline: () => ({}) as OfflineStore }, metrics),
    costs: {} as Costs,
    jobs: {} as JobEngine,
    batchPredictions: {} as BatchPredictions,
    trainingSets: {} as TrainingSets,
    statistics: {} as Services['statistics'],
    outputStatistics: {} as Services['outputStatistics'],
    backtests: {} as Services['backtests'],
    monitors: {} as Services['monitors'],
    featureViewSyncs: {} as FeatureViewSyncs,
    writers: {} as Services['writers'],
    streams: NO_STREAMS,
    policy,
    auditLog,
    servedLog,
    servedSkew: {} as Services['servedSkew'],
    sourceRefreshes: {} as SourceRefreshes,
    registryUpdates: {} as RegistryUpdates,
    clock: systemClock,
  };
  const schema = buildSchema(registry);
  const limits = { maxQueryCost: 1_000_000, maxResponseBytes: 67_108_864, isIntrospectionAllowed: true };
  const graphql = await startGraphql({ ...limits, schema, logger, metrics, work, isHotLaneOff });
  if (isWarm) await warmUp({ ...limits, schema, services, maxBodyBytes: 1_048_576 });
  return createHttpServer({
    runtime: new CurrentRuntime({
      ...graphql,
      createContext: (requestId, principal) => createContext(services, requestId, principal),
    }),
    health: createHealth(async () => true),
    logger,
    metrics,
    maxBodyBytes: 1_048_576,
    work,
    corsOrigins: [],
    page: null,
    authenticator,
    // A limit that counts each request and refuses none.
    rates: new PrincipalRates({ maxRequestsPerSecond: 1_000_000_000, maxRowsPerSecond: null }),
  }).server;
}
