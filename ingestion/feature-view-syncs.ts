import type { Instant } from '../values/instant.js';
import type { FeatureView } from '../datasources/registry/model.js';
import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRequest } from '../jobs/job-request.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** The kind of these jobs for clients. */
export const FEATURE_VIEW_SYNC = 'FEATURE_VIEW_SYNC';

/**
 * The port for syncs of feature views. Each sync is a job that copies the newest values from the offline store to the
 * online store. Its adapters are the gateway's own copying and Vertex AI's syncs. Times are microseconds UTC.
 */
export interface FeatureViewSyncs {
  /**
   * Checks the request, then starts a sync. BAD_USER_INPUT for a view whose online store is not filled by syncs, or
   * that syncs continuously.
   */
  start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord>;

  /**
   * The work that a sync is admitted with; null where the gateway does not know the tables. Starts nothing, and refuses what
   * `start` refuses.
   */
  work(request: StartFeatureViewSync): Promise<JobWork | null>;

  /** The syncs of a view into its current online store, newest first; also those that did not begin here. */
  list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]>;

  /** Everything that was known at this moment is served; null when no sync into the current online store succeeded. */
  dataWatermark(view: FeatureView): Promise<Instant | null>;
}

export type FeatureViewSyncJobRecord = JobRecord<FeatureViewSyncSpec, unknown, FeatureViewSyncResult>;

/** The record type of all sync handlers. */
export function isFeatureViewSyncJob(job: JobRecord): job is FeatureViewSyncJobRecord {
  return job.kind === FEATURE_VIEW_SYNC;
}

export interface StartFeatureViewSync extends JobRequest {
  readonly view: FeatureView;
  readonly labels: Readonly<Record<string, string>>;
  readonly trigger: SyncTrigger;
}

/** The trigger of a sync: a client, the gateway's schedule, or an external system. */
export const SYNC_TRIGGERS = ['REQUEST', 'SCHEDULE', 'EXTERNAL'] as const;
export type SyncTrigger = (typeof SYNC_TRIGGERS)[number];

export interface FeatureViewSyncSpec {
  readonly featurestore: string;
  readonly featureView: string;
  /**
   * The identity of its features and its target (sync-target.ts): when it has changed, the sync is useless and must
   * stop.
   */
  readonly target: string;
  readonly trigger: SyncTrigger;
}

export interface FeatureViewSyncResult {
  /** Copied rows, one per entity and source; null when unknown. */
  readonly rows: bigint | null;
  /** BigQuery's slot milliseconds for it; null when unknown. */
  readonly slotMillis: bigint | null;
  /** Everything that was known at this moment is served since then; null for a sync that failed. */
  readonly dataWatermark: Instant | null;
}

/** `before` is the id of the last job on the previous page; null for the first page. */
export interface SyncRange {
  readonly before: string | null;
  readonly limit: number;
  /** Whether the reader may see a job. Absent: all. */
  readonly isVisible?: (job: JobRecord) => boolean;
}
