import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { JobQuery } from '../datasources/job-store/job-store.js';
import type { Monitor } from '../datasources/registry/model.js';
import type { JobRequest } from '../jobs/job-request.js';
import type { DriftMetric } from '../statistics/compare-distributions.js';
import type { Instant } from '../values/instant.js';

/** The kind of these jobs for clients. */
export const MONITOR_RUN = 'MONITOR_RUN';

/** The port for runs of monitors. Each run is a job that checks the features of a monitor and sends alerts. */
export interface Monitors {
  /** BAD_USER_INPUT for a moment in the future, and for a check of served values without a log of them. */
  start(request: StartMonitorRun): Promise<MonitorRunRecord>;

  /** The work of a run, for an estimate. Nothing is computed. */
  work(request: Pick<StartMonitorRun, 'monitor' | 'at'>): Promise<ScanWork>;

  /** The runs of a monitor, newest first. */
  list(monitor: Monitor, page: Pick<JobQuery, 'before' | 'limit'> & MonitorRunFilter): Promise<MonitorRunRecord[]>;

  /** The newest run that has ended, then each run that ends, in whichever gateway. Runs of a past moment are left out. */
  follow(monitor: Monitor, filter: MonitorRunFilter): AsyncIterableIterator<MonitorRunRecord, undefined>;
}

export interface MonitorRunFilter {
  readonly isVisible?: ((record: JobRecord) => boolean) | undefined;
}

export type MonitorRunRecord = JobRecord<MonitorRunSpec, MonitorRunResult, MonitorRunResult>;

/** What began a run. */
export const MONITOR_TRIGGERS = ['REQUEST', 'SCHEDULE'] as const;
export type MonitorTrigger = (typeof MONITOR_TRIGGERS)[number];

export interface StartMonitorRun extends JobRequest {
  readonly monitor: Monitor;
  /** The end of the window; null: the moment at which the job is created. A run of a past moment sends no alert. */
  readonly at: Instant | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly trigger: MonitorTrigger;
}

export interface MonitorRunSpec {
  readonly featurestore: string;
  readonly monitor: string;
  readonly at: Instant | null;
  readonly trigger: MonitorTrigger;
}

export interface MonitorRunResult {
  readonly window: { readonly from: Instant; readonly before: Instant };
  readonly baseline: { readonly from: Instant; readonly before: Instant };
  readonly checks: readonly MonitorCheck[];
  /** null: the alert is still to be sent. Only a checkpoint has it. */
  readonly alert: MonitorAlert | null;
}

/** DRIFT, NULL_SHARE and SERVED_SKEW are of a feature, FRESHNESS is of a source. */
export const MONITOR_CHECKS = ['DRIFT', 'NULL_SHARE', 'FRESHNESS', 'SERVED_SKEW'] as const;

/** A number that was measured, beside its threshold. */
export interface MonitorCheck {
  readonly check: (typeof MONITOR_CHECKS)[number];
  readonly source: string;
  /** null: the check is of the source. */
  readonly feature: string | null;
  /** null: the check is not of drift. */
  readonly metric: DriftMetric | null;
  /**
   * A distance, a share, or seconds. null: the window has no value to measure; for FRESHNESS, it has no row; for SERVED_SKEW, it
   * has no read.
   */
  readonly value: number | null;
  readonly threshold: number;
  /** Whether the value is greater than the threshold, or the source has no row. */
  readonly isFinding: boolean;
}

/**
 * NONE: the monitor has no webhook, or the run is of a past moment. UNCHANGED: no finding began or ended since the last alert.
 * FAILED: the server did not take it, and the next run sends it again.
 */
export const ALERT_STATES = ['NONE', 'UNCHANGED', 'SENT', 'FAILED'] as const;

export interface MonitorAlert {
  readonly state: (typeof ALERT_STATES)[number];
  /** The findings that the server was told of and that have not recovered, as it knows them (findingKey). */
  readonly told: readonly string[];
}

/** Names a finding from one run to the next. */
export function findingKey({ check, source, feature }: MonitorCheck): string {
  return `${check}/${source}/${feature ?? ''}`;
}

/** Whether a run is of the moment at which it was created. Only these alert. */
export function isCurrentRun({ spec }: MonitorRunRecord): boolean {
  return spec.at === null;
}

export function isMonitorRun(job: JobRecord): job is MonitorRunRecord {
  return job.kind === MONITOR_RUN;
}
