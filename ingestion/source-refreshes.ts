import type { ComputedViolation } from '../datasources/offline/computed-violation.js';
import type { FullRefreshReason } from '../datasources/offline/importing-offline-store.js';
import type { EntityType, FeatureSource } from '../datasources/registry/model.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { RecomputedSource } from './refresh/describe-recomputation.js';
import type { Instant } from '../values/instant.js';
import type { SourceFreshness } from './source-freshness.js';
import type { JobRequest } from '../jobs/job-request.js';

/** The kind of these jobs for clients. */
export const SOURCE_REFRESH = 'SOURCE_REFRESH';

/**
 * The port for refreshes of computed sources. Each refresh is a job that recomputes the sources of an entity type whose
 * SQL, files or columns changed, and replaces their values in both stores while the old ones are served.
 */
export interface SourceRefreshes {
  /** BAD_USER_INPUT for an entity type without a computed source, or a source that clients write. */
  start(request: StartSourceRefresh): Promise<SourceRefreshJobRecord>;

  /**
   * The sources that a refresh would compute now: those whose SQL, columns or files changed since the last one, by the
   * names, sizes and times of their files. Starts nothing. Fails as `start` does.
   */
  estimate(request: Pick<StartSourceRefresh, 'entityType' | 'source'>): Promise<readonly RecomputedSource[]>;

  /** The newest refresh of a source, from any starter; also one of all sources of its entity type. */
  newest(source: FeatureSource): Promise<SourceRefreshJobRecord | undefined>;

  /** How fresh a source is at a moment, measured from its rows and its files. */
  freshness(source: FeatureSource, now: Instant): Promise<SourceFreshness>;
}

/** The record type of all refreshes. */
export function isSourceRefreshJob(job: JobRecord): job is SourceRefreshJobRecord {
  return job.kind === SOURCE_REFRESH;
}

export type SourceRefreshJobRecord = JobRecord<SourceRefreshSpec, null, SourceRefreshResult>;

export interface StartSourceRefresh extends JobRequest {
  readonly entityType: EntityType;
  /** null: every computed source of the entity type. */
  readonly source: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly trigger: RefreshTrigger;
}

/** What began a refresh: a client, a schedule, a start with old values, changed files, or another registry. */
export const REFRESH_TRIGGERS = ['REQUEST', 'SCHEDULE', 'START', 'FILES', 'REGISTRY'] as const;
export type RefreshTrigger = (typeof REFRESH_TRIGGERS)[number];

export interface SourceRefreshSpec {
  readonly featurestore: string;
  readonly entityType: string;
  readonly source: string | null;
  readonly trigger: RefreshTrigger;
}

export interface SourceRefreshResult {
  /** The number of steps that ran: computed sources, and the fill of the online store. 0: nothing had changed. null: it failed. */
  readonly steps: number | null;
  /** Computed rows that have no id or no time, and are not stored. null: it failed. */
  readonly rejectedRows: number | null;
  /** The sources that were computed. Absent in a record of an earlier release. */
  readonly computed?: readonly ComputedSource[];
  /** The expectations that computed rows violate. Absent in a record of an earlier release. */
  readonly violations?: readonly SourceViolation[];
}

export interface SourceViolation extends ComputedViolation {
  readonly source: string;
}

export interface ComputedSource {
  readonly source: string;
  /** Rows of the tables that the SQL reads. */
  readonly rowsRead: bigint;
  readonly rowsComputed: bigint;
  /** Rows that violate an expectation with QUARANTINE, and are not stored. Absent in a record of an earlier release. */
  readonly rowsLeftOut?: bigint;
  /** Why the whole SQL ran; null when only what changed was computed. */
  readonly fullRefreshReason: FullRefreshReason | null;
}
