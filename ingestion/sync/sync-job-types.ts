import { JobType } from '../../jobs/job-type.js';
import { FEATURE_VIEW_SYNC, type FeatureViewSyncResult, type FeatureViewSyncSpec } from '../feature-view-syncs.js';
import type { VertexSync } from './vertex-syncs-client.js';

/** The sources that are online as a whole, by name, and their rows. */
export interface LocalSyncCheckpoint {
  readonly sources: readonly string[];
  readonly rows: bigint;
}

/** Syncs that this gateway does itself. */
export const LOCAL_SYNC = new JobType<FeatureViewSyncSpec, LocalSyncCheckpoint, FeatureViewSyncResult>(
  'feature-view-sync-local',
  FEATURE_VIEW_SYNC,
);

/** How far a sync on Vertex AI is known. */
export interface VertexSyncCheckpoint {
  /** The newest run before ours was begun; null when there was none. Whatever run is newer need not be begun again. */
  readonly before: string | null;
  /** Our run; null until Vertex AI has named it. */
  readonly run: VertexSync | null;
}

/** Syncs that Vertex AI does. */
export const VERTEX_SYNC = new JobType<FeatureViewSyncSpec, VertexSyncCheckpoint, FeatureViewSyncResult>(
  'feature-view-sync-vertex',
  FEATURE_VIEW_SYNC,
);
