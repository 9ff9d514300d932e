import type { QueryPayer } from '../datasources/offline/query-payer.js';
import {
  measuredAs,
  type Distribution,
  type StatisticsRead,
  type TimeRange,
} from '../datasources/offline/statistics-read.js';
import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { Feature } from '../datasources/registry/model.js';
import type { Monitor } from '../datasources/registry/model.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import {
  DEFAULT_DRIFT_THRESHOLD,
  defaultMetric,
  distanceBetween,
  MAX_CATEGORIES,
} from '../statistics/compare-distributions.js';
import { EARLIEST_INSTANT, MICROS_PER_SECOND, secondsBetween, type Instant } from '../values/instant.js';
import type { MonitorCheck } from './monitors.js';

export interface MonitorRanges {
  readonly window: TimeRange;
  readonly baseline: TimeRange;
}

/** The ranges of a run. `end` is exclusive. */
export function toRanges({ window: length, baseline }: Monitor, end: Instant): MonitorRanges {
  const from = notTooEarly(end - length);
  return {
    window: { from, before: end },
    baseline: baseline ?? { from: notTooEarly(from - length), before: from },
  };
}

/** Whether the history of each feature is read. The check of served values compares all features in one read. */
export function readsHistory({ checks: { drift, maxNullShare, maxSilence } }: Monitor): boolean {
  return drift !== null || maxNullShare !== null || maxSilence !== null;
}

/** What is read of a feature: the baseline first, where the values of both ranges are compared. */
export function toRead({ checks }: Monitor, feature: Feature, { window, baseline }: MonitorRanges): StatisticsRead {
  const isCompared = checks.drift !== null && hasDrift(feature);
  return {
    feature,
    ranges: isCompared ? [baseline, window] : [window],
    entityIds: null,
    bins: isCompared ? REQUEST_LIMITS.maxHistogramBins : 1,
    maxTopValues: isCompared ? MAX_CATEGORIES : 1,
  };
}

export interface Measured {
  readonly checks: readonly MonitorCheck[];
  /** The newest event time in the window, also of rows without a value. */
  readonly newest: Instant | null;
}

/** The checks of one feature. */
export async function measureFeature(
  monitor: Monitor,
  read: StatisticsRead,
  store: Pick<OfflineStore, 'statistics'>,
  { payer, signal }: { readonly payer: QueryPayer; readonly signal: AbortSignal },
): Promise<Measured> {
  const found = await store.statistics({ ...read, payer, signal });
  const window = found.ranges.at(-1)!;
  const { feature, ranges } = read;
  const of = { source: feature.source.name, feature: feature.name };
  const checks: MonitorCheck[] = [];
  if (ranges.length > 1) {
    const metric = defaultMetric(feature);
    const threshold = monitor.checks.drift?.threshold ?? feature.driftThreshold ?? DEFAULT_DRIFT_THRESHOLD;
    checks.push({ check: 'DRIFT', ...of, metric, ...compared(distanceBetween(feature, metric, found), threshold) });
  }
  const { maxNullShare } = monitor.checks;
  if (maxNullShare !== null) {
    checks.push({ check: 'NULL_SHARE', ...of, metric: null, ...compared(nullShare(window), maxNullShare) });
  }
  return { checks, newest: window.newest };
}

/** Whether a source is silent. `newest`: its newest event time in the window. */
export function measureSilence(
  source: string,
  newest: Instant | null,
  maxSilence: bigint,
  { window }: MonitorRanges,
): MonitorCheck {
  const threshold = Number(maxSilence / MICROS_PER_SECOND);
  const value = newest === null ? null : secondsBetween(newest, window.before);
  return {
    check: 'FRESHNESS',
    source,
    feature: null,
    metric: null,
    value,
    threshold,
    isFinding: newest === null || window.before - newest > maxSilence,
  };
}

/** A value type of which drift is not defined is left out of that check. */
function hasDrift(feature: Feature): boolean {
  const { isNumber, isOrdered, isCompared } = measuredAs(feature);
  return isNumber || (isCompared && !isOrdered);
}

function nullShare({ count, missing }: Distribution): number | null {
  const rows = count + missing;
  return rows === 0n ? null : Number(missing) / Number(rows);
}

function compared(value: number | null, threshold: number): Pick<MonitorCheck, 'value' | 'threshold' | 'isFinding'> {
  return { value, threshold, isFinding: value !== null && value > threshold };
}

function notTooEarly(instant: Instant): Instant {
  return instant < EARLIEST_INSTANT ? EARLIEST_INSTANT : instant;
}
