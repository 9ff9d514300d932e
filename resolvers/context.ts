import type { AuditLog } from '../auth/audit/audit-log.js';
import { auditTrail, type AuditTrail } from '../auth/audit/audit-trail.js';
import type { Access } from '../auth/policy/access.js';
import type { Policy } from '../auth/policy/policy.js';
import type { Principal } from '../auth/principal.js';
import type { ServedLog } from '../serving/served-log/served-log.js';
import type { DataVersions } from '../serving/data-versions.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import type { Costs } from '../costs/costs.js';
import { PrincipalPayer } from '../costs/principal-payer.js';
import type { QueryPayer } from '../datasources/offline/query-payer.js';
import type { Backtests } from '../backtests/backtests.js';
import type { BatchPredictions } from '../batch-prediction/batch-predictions.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { FeatureViewSyncs } from '../ingestion/feature-view-syncs.js';
import type { RegistryUpdates } from '../ingestion/registry-updates.js';
import type { Streams } from '../ingestion/streams/streams.js';
import type { SourceRefreshes } from '../ingestion/source-refreshes.js';
import type { Monitors } from '../monitors/monitors.js';
import type { FeatureStatistics } from '../statistics/feature-statistics.js';
import type { ServedSkew } from '../statistics/served-skew/served-skew.js';
import type { OutputStatistics } from '../statistics/output-statistics.js';
import type { TrainingSets } from '../training-sets/training-sets.js';
import type { FeatureWrites } from '../ingestion/writes/feature-writes.js';
import type { FeatureSearch } from '../datasources/registry/feature-search.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import { createExplanations, type Explanations } from './explanations.js';
import { createLoaders, type Loaders } from './loaders.js';
import { ownerOf } from './owner-of.js';
import { visibleJobs, type VisibleJobs } from './visible-jobs.js';

/** The services of the gateway. main.ts makes them once. */
export interface Services {
  readonly registry: Registry;
  readonly search: FeatureSearch;
  readonly stores: FeatureStores;
  /** Of what reads of the past can answer. */
  readonly versions: DataVersions;
  readonly costs: Costs;
  readonly jobs: JobEngine;
  readonly batchPredictions: BatchPredictions;
  readonly trainingSets: TrainingSets;
  readonly statistics: FeatureStatistics;
  readonly outputStatistics: OutputStatistics;
  readonly monitors: Monitors;
  readonly backtests: Backtests;
  readonly featureViewSyncs: FeatureViewSyncs;
  readonly writers: FeatureWrites;
  readonly streams: Streams;
  readonly sourceRefreshes: SourceRefreshes;
  readonly registryUpdates: RegistryUpdates;
  readonly policy: Policy;
  /** null: there is no audit log. */
  readonly auditLog: AuditLog | null;
  /** null: there is no log of served values. */
  readonly servedLog: ServedLog | null;
  readonly servedSkew: ServedSkew;
  readonly clock: Clock;
}

/** The context of one request. It inherits the services: a copy by `...` has none of them. */
export interface RequestContext extends Omit<Services, 'jobs'> {
  /** In every error and log line of the request. */
  readonly requestId: string;
  /** Who asks. */
  readonly principal: Principal;
  /** What they may. */
  readonly access: Access;
  /** Notes what the request accesses. */
  readonly audit: AuditTrail;
  /** The jobs that they may see: no others exist for them. */
  readonly jobs: VisibleJobs;
  /** One time for the whole request: two fields of one answer must agree on which values are expired. */
  readonly now: Instant;
  readonly loaders: Loaders;
  /** Who pays for reads of offline stores that bill their queries. */
  readonly payer: QueryPayer;
  readonly explanations: Explanations;
}

export function createContext(services: Services, requestId: string, principal: Principal): RequestContext {
  const now = services.clock();
  const access = services.policy.accessOf(principal);
  const audit = auditTrail(services.auditLog, requestId, principal);
  const served = services.servedLog?.sample(principal.name);
  const payer = new PrincipalPayer(services.costs, ownerOf(principal), services.clock);
  const own: Omit<RequestContext, keyof Omit<Services, 'jobs'>> = {
    requestId,
    principal,
    access,
    audit,
    now,
    payer,
    loaders: createLoaders(services.stores, now, access, { audit, payer, served }),
    explanations: createExplanations(services, { now, access, audit, payer }),
    jobs: visibleJobs(services.jobs, access),
  };
  // To copy the services into each context took longer than to make everything else of it.
  return Object.assign(Object.create(services) as Services, own);
}
