import type { FeatureRow, EntityMoment } from '../../datasources/offline/offline-store.js';
import type { PointInTimeOptions } from '../../datasources/offline/point-in-time/plan.js';
import type { Feature } from '../../datasources/registry/model.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import type { RawValue } from '../../values/value-type.js';

/**
 * docs/point-in-time.md as the plainest program: look at every row for every label. What the compiled SQL gives is
 * compared with this; it shares no code with it.
 */
export function oracleCell(
  rows: readonly FeatureRow[],
  label: EntityMoment,
  feature: Feature,
  options: PointInTimeOptions,
): FeatureCell {
  const chosen = chooseRow(rows, label, feature, options);
  if (!chosen) return { status: 'NOT_FOUND', value: null, timestamp: null };
  const value: RawValue | null = chosen.values.get(feature.name) ?? null;
  const timestamp = feature.source.timestampColumn === null ? null : chosen.timestamp;
  if (timestamp !== null && feature.ttl !== null && label.time! - timestamp > feature.ttl) {
    return { status: 'EXPIRED', value: options.includeExpired ? value : null, timestamp };
  }
  return { status: value === null ? 'NULL' : 'PRESENT', value, timestamp };
}

/** Whether the value that a label gets was written after the label's time. */
export function oracleWrittenAfter(
  rows: readonly FeatureRow[],
  label: EntityMoment,
  feature: Feature,
  options: PointInTimeOptions,
): boolean {
  const created = chooseRow(rows, label, feature, options)?.createdTimestamp ?? null;
  const hasValue = oracleCell(rows, label, feature, options).value !== null;
  return hasValue && feature.source.timestampColumn !== null && created !== null && created > label.time!;
}

/** The row whose value a label gets, however old it is. */
function chooseRow(
  rows: readonly FeatureRow[],
  { entityId, time }: EntityMoment,
  feature: Feature,
  options: PointInTimeOptions,
): FeatureRow | undefined {
  if (entityId === null || time === null) return undefined;
  const isStatic = feature.source.timestampColumn === null;

  let newest: FeatureRow | undefined;
  let newestWithValue: FeatureRow | undefined;
  for (const row of rows) {
    if (row.entityId !== entityId) continue;
    if (
      options.knownAt !== null &&
      !(typeof row.createdTimestamp === 'bigint' && row.createdTimestamp <= options.knownAt)
    )
      continue;
    if (!isStatic) {
      if (row.timestamp === null) continue;
      if (options.strictlyBefore ? row.timestamp >= time : row.timestamp > time) continue;
      if (options.knownAtLabelTime && !(typeof row.createdTimestamp === 'bigint' && row.createdTimestamp <= time))
        continue;
    }
    // Rows come in order of arrival, so one that is not older than the newest so far replaces it.
    if (!isOlder(row, newest)) newest = row;
    if ((row.values.get(feature.name) ?? null) !== null && !isOlder(row, newestWithValue)) newestWithValue = row;
  }
  return feature.entityType.dense ? newest : (newestWithValue ?? newest);
}

const LEAST = -(2n ** 64n);

function isOlder(row: FeatureRow, other: FeatureRow | undefined): boolean {
  if (!other) return false;
  for (const [mine, theirs] of [
    [row.timestamp ?? LEAST, other.timestamp ?? LEAST],
    [row.createdTimestamp ?? LEAST, other.createdTimestamp ?? LEAST],
    [row.sequence ?? LEAST, other.sequence ?? LEAST],
  ] as const) {
    if (mine !== theirs) return mine < theirs;
  }
  return false;
}
