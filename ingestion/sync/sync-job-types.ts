import { JobType } from '../../jobs/job-type.js';
import { FEATURE_VIEW_SYNC, type FeatureViewSyncResult, type FeatureViewSyncSpec } from '../feature-view-syncs.js';
import type { VertexSync } from './vertex-syncs-client.js';

/** The sources that are completely online, by name, and their rows. */
export interface LocalSyncCheckpoint {
  readonly sources: readonly string[];
  readonly rows: bigint;
}

/** Syncs that this gateway performs itself. */
export const LOCAL_SYNC = new JobType<FeatureViewSyncSpec, LocalSyncCheckpoint, FeatureViewSyncResult>(
  'feature-view-sync-local',
  FEATURE_VIEW_SYNC,
);

/** The stored progress of a sync on Vertex AI. */
export interface VertexSyncCheckpoint {
  /** The newest run before ours began; null when there was none. If a newer run exists, no other needs to begin. */
  readonly before: string | null;
  /** Our run; null until Vertex AI has returned its name. */
  readonly run: VertexSync | null;
}

/** Syncs that Vertex AI performs. */
export const VERTEX_SYNC = new JobType<FeatureViewSyncSpec, VertexSyncCheckpoint, FeatureViewSyncResult>(
  'feature-view-sync-vertex',
  FEATURE_VIEW_SYNC,
);
