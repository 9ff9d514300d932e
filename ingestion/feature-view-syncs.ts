import type { Instant } from '../values/instant.js';
import type { FeatureView } from '../datasources/registry/model.js';
import type { JobRequest } from '../jobs/job-request.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** The kind of these jobs, as clients see it. */
export const FEATURE_VIEW_SYNC = 'FEATURE_VIEW_SYNC';

/**
 * Syncs of feature views: each brings the newest values from where all values are to where they are read, and is a job.
 * The port behind which the gateway's own copying and Vertex AI's stand. Times are microseconds UTC.
 */
export interface FeatureViewSyncs {
  /**
   * Checks what is asked, then starts a sync. BAD_USER_INPUT for a view whose online store is not filled by syncs, or
   * syncs by itself all the time.
   */
  start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord>;

  /** The syncs of a view into its present online store, the newest first; also those that did not begin here. */
  list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]>;

  /** Everything that was known at this moment is served; null when no sync into the present online store succeeded. */
  dataWatermark(view: FeatureView): Promise<Instant | null>;
}

export type FeatureViewSyncJobRecord = JobRecord<FeatureViewSyncSpec, unknown, FeatureViewSyncResult>;

/** All handlers of syncs keep such records. */
export function isFeatureViewSyncJob(job: JobRecord): job is FeatureViewSyncJobRecord {
  return job.kind === FEATURE_VIEW_SYNC;
}

export interface StartFeatureViewSync extends JobRequest {
  readonly view: FeatureView;
  readonly labels: Readonly<Record<string, string>>;
  readonly trigger: SyncTrigger;
}

/** What began a sync: a client, the schedule as the gateway keeps it, or something outside of the gateway. */
export const SYNC_TRIGGERS = ['REQUEST', 'SCHEDULE', 'EXTERNAL'] as const;
export type SyncTrigger = (typeof SYNC_TRIGGERS)[number];

export interface FeatureViewSyncSpec {
  readonly featurestore: string;
  readonly featureView: string;
  /** What it brings where (sync-target.ts): when that has changed, it is of no use, and must not go on. */
  readonly target: string;
  readonly trigger: SyncTrigger;
}

export interface FeatureViewSyncResult {
  /** Rows that were brought, one an entity and source; null when nobody says. */
  readonly rows: bigint | null;
  /** What BigQuery worked for it, in milliseconds of a slot; null when nobody says. */
  readonly slotMillis: bigint | null;
  /** Everything that was known at this moment is served since; null for a sync that failed. */
  readonly dataWatermark: Instant | null;
}

/** `before` is the id of the job at which the page before ended; null for the first page. */
export interface SyncRange {
  readonly before: string | null;
  readonly limit: number;
}
