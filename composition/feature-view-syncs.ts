import { VertexClients, type ClientOptions } from '../datasources/google/vertex/vertex-clients.js';
import type { EntityType, FeatureView } from '../datasources/registry/model.js';
import { describeOnlineStore, type SyncExecutor } from '../datasources/registry/store-kinds.js';
import type { Registry } from '../datasources/registry/registry.js';
import { FeatureViewSyncsByStore } from '../ingestion/feature-view-syncs-by-store.js';
import type { FeatureViewSyncs } from '../ingestion/feature-view-syncs.js';
import type { FillOwner } from '../ingestion/fill-fingerprint.js';
import { LocalFeatureViewSyncs } from '../ingestion/sync/local-feature-view-syncs.js';
import { LocalSyncHandler } from '../ingestion/sync/local-sync-handler.js';
import { VertexFeatureViewSyncs } from '../ingestion/sync/vertex-feature-view-syncs.js';
import { VertexSyncHandler } from '../ingestion/sync/vertex-sync-handler.js';
import { VertexSyncsClient } from '../ingestion/sync/vertex-syncs-client.js';
import type { VertexView } from '../ingestion/sync/vertex-view.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { JobHandler } from '../jobs/job-handler.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import type { Clock } from '../values/clock.js';

/** A sync takes minutes, because it reads all of BigQuery's table. */
const POLL_MS = { first: 2_000, longest: 30_000 };

export interface FeatureViewSyncOptions {
  readonly registry: Registry;
  readonly stores: FeatureStores;
  /**
   * The gateway whose values the online store has: a gateway copies its computed values only into a store that it
   * filled itself.
   */
  readonly fillOwner: (entityType: EntityType) => Promise<FillOwner>;
  readonly clock: Clock;
  /** Vertex AI did not return the runs of a view (vertex-feature-view-syncs.ts). */
  readonly onUnanswered: (error: unknown, view: FeatureView) => void;
  /** For tests, whose Vertex AI is not at the region's endpoint and takes less than minutes. */
  readonly vertexClient?: ClientOptions | undefined;
  readonly pollMs?: typeof POLL_MS | undefined;
}

/** Syncs of feature views before the engine exists: first its handlers, then the function that starts their jobs. */
export interface FeatureViewSyncParts {
  readonly handlers: readonly JobHandler[];
  createSyncs(engine: JobEngine): FeatureViewSyncs;
  close(): Promise<void>;
}

/** How each kind of online store syncs its views. Google's clients are loaded only when a sync needs them. */
export function openFeatureViewSyncs({
  registry,
  stores,
  fillOwner,
  clock,
  onUnanswered,
  vertexClient = {},
  pollMs = POLL_MS,
}: FeatureViewSyncOptions): FeatureViewSyncParts {
  const regions = new Map<string, VertexClients>();
  const clientFor = ({ settings }: VertexView): VertexSyncsClient => {
    let clients = regions.get(settings.location);
    if (!clients) regions.set(settings.location, (clients = new VertexClients(settings.location, vertexClient)));
    return new VertexSyncsClient(clients, settings, settings.featureOnlineStore);
  };
  const local = new LocalSyncHandler(registry, stores, fillOwner);
  const vertex = new VertexSyncHandler({ registry, stores, clientFor, pollMs });
  return {
    handlers: [local, vertex],
    createSyncs: (engine) => {
      const executors: Record<SyncExecutor, FeatureViewSyncs> = {
        GATEWAY: new LocalFeatureViewSyncs(engine, local),
        VERTEX_AI: new VertexFeatureViewSyncs({ engine, handler: vertex, clientFor, clock, onUnanswered }),
      };
      return new FeatureViewSyncsByStore((kind) => {
        const { syncedBy } = describeOnlineStore({ kind });
        return syncedBy === null ? undefined : executors[syncedBy];
      });
    },
    close: async () => {
      for (const clients of regions.values()) await clients.close();
    },
  };
}
