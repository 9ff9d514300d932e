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
  const notFound: FeatureCell = { status: 'NOT_FOUND', value: null, timestamp: null };
  const { entityId, time } = label;
  if (entityId === null || time === null) return notFound;
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
  if (!newest) return notFound;
  const chosen = feature.entityType.dense ? newest : (newestWithValue ?? newest);
  const value: RawValue | null = chosen.values.get(feature.name) ?? null;
  const timestamp = isStatic ? null : chosen.timestamp;
  if (timestamp !== null && feature.ttl !== null && time - timestamp > feature.ttl) {
    return { status: 'EXPIRED', value: options.includeExpired ? value : null, timestamp };
  }
  return { status: value === null ? 'NULL' : 'PRESENT', value, timestamp };
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
