import type { FeatureStores } from '../serving/feature-stores.js';
import type { FillOwner } from '../ingestion/fill-fingerprint.js';
import { LocalFeatureViewSyncs } from '../ingestion/sync/local-feature-view-syncs.js';
import { LocalSyncRunner } from '../ingestion/sync/local-sync-runner.js';
import { SyncJobs } from '../ingestion/sync/sync-jobs.js';
import { VertexFeatureViewSyncs } from '../ingestion/sync/vertex-feature-view-syncs.js';
import { VertexSyncRunner } from '../ingestion/sync/vertex-sync-runner.js';
import { VertexSyncsClient } from '../ingestion/sync/vertex-syncs-client.js';
import type { VertexView } from '../ingestion/sync/vertex-view.js';
import type { FeatureViewSyncRoute } from '../ingestion/feature-view-syncs-by-store.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { EntityType, FeatureView, OnlineStoreKind } from '../datasources/registry/model.js';
import { describeOnlineStore, ONLINE_STORE_KINDS, type SyncExecutor } from '../datasources/registry/store-kinds.js';
import type { Registry } from '../datasources/registry/registry.js';
import { VertexClients, type ClientOptions } from '../datasources/google/vertex/vertex-clients.js';
import type { Clock } from '../values/clock.js';

/** A sync takes minutes: BigQuery is read as a whole. */
const POLL_MS = { first: 2_000, longest: 30_000 };

export interface FeatureViewSyncOptions {
  readonly registry: Registry;
  readonly engine: JobEngine;
  readonly stores: FeatureStores;
  /** Whose values the online store has: a gateway copies what it computed only beside what it computed. */
  readonly fillOwner: (entityType: EntityType) => Promise<FillOwner>;
  readonly clock: Clock;
  /** Vertex AI did not say which runs a view has (vertex-feature-view-syncs.ts). */
  readonly onUnanswered: (error: unknown, view: FeatureView) => void;
  /** For tests, whose Vertex AI is not at the region's endpoint and does not take minutes. */
  readonly vertexClient?: ClientOptions | undefined;
  readonly pollMs?: typeof POLL_MS | undefined;
}

export interface OpenFeatureViewSyncs {
  getRoute(onlineStore: OnlineStoreKind): FeatureViewSyncRoute | undefined;
  close(): Promise<void>;
}

/** How the views of each kind of online store are synced. Of Google's clients nothing is loaded before a sync needs it. */
export function openFeatureViewSyncs({
  registry,
  engine,
  stores,
  fillOwner: filledBy,
  clock,
  onUnanswered,
  vertexClient = {},
  pollMs = POLL_MS,
}: FeatureViewSyncOptions): OpenFeatureViewSyncs {
  const regions = new Map<string, VertexClients>();
  const clientFor = ({ settings }: VertexView): VertexSyncsClient => {
    let clients = regions.get(settings.location);
    if (!clients) regions.set(settings.location, (clients = new VertexClients(settings.location, vertexClient)));
    return new VertexSyncsClient(clients, settings, settings.featureOnlineStore);
  };
  const jobs = new SyncJobs(engine);
  const executors = {
    GATEWAY: {
      syncs: new LocalFeatureViewSyncs(jobs, stores),
      runner: new LocalSyncRunner(registry, stores, filledBy),
    },
    VERTEX_AI: {
      syncs: new VertexFeatureViewSyncs({ jobs, stores, clientFor, clock, onUnanswered }),
      runner: new VertexSyncRunner({ registry, clientFor, pollMs }),
    },
  } satisfies Record<SyncExecutor, FeatureViewSyncRoute>;
  // A map: a job of another release may name a kind of store that this one does not know.
  const routes = new Map<string, FeatureViewSyncRoute>();
  for (const kind of ONLINE_STORE_KINDS) {
    const { syncedBy } = describeOnlineStore({ kind });
    if (syncedBy !== null) routes.set(kind, executors[syncedBy]);
  }
  return {
    getRoute: (onlineStore) => routes.get(onlineStore),
    close: async () => {
      for (const clients of regions.values()) await clients.close();
    },
  };
}
