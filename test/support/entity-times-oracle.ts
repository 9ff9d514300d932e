import type { EntityTime, EntityTimesRead } from '../../datasources/offline/entity-times.js';
import type { EntityMoment, FeatureRow } from '../../datasources/offline/offline-store.js';
import type { Instant } from '../../values/instant.js';

/** The rows of each source that count for a read, one by one. */
function countedRows(rows: readonly FeatureRow[], { entityIds, knownAt }: EntityTimesRead): FeatureRow[] {
  return rows.filter(
    ({ entityId, createdTimestamp }) =>
      (entityIds === null || entityIds.includes(entityId!)) &&
      (knownAt === null || (createdTimestamp != null && createdTimestamp <= knownAt)),
  );
}

/** Whether an entity exists at a time, as docs/training-sets.md says: looks at every row. */
export function existsAt(
  rows: readonly FeatureRow[],
  read: EntityTimesRead,
  { entityId, time }: EntityMoment,
): boolean {
  return countedRows(rows, read).some(
    (row) =>
      row.entityId === entityId &&
      row.timestamp! <= time! &&
      (!read.sinceWritten || (row.createdTimestamp != null && row.createdTimestamp <= time!)),
  );
}

/** The entities and times of a read, as the plainest program: each entity at each moment of any row. */
export function naiveEntityTimes(rows: readonly FeatureRow[], read: EntityTimesRead): EntityTime[] {
  const { events } = read;
  const ids = [...new Set(rows.map(({ entityId }) => entityId!))].sort();
  const moments = [...new Set(rows.flatMap((row) => [row.timestamp!, row.createdTimestamp ?? row.timestamp!]))].sort(
    compare,
  );
  return ids.flatMap((entityId): EntityTime[] => {
    if (events === null) {
      const first = moments.find((time) => existsAt(rows, read, { entityId, time }));
      return first === undefined ? [] : [{ entityId, time: first }];
    }
    return moments
      .filter((time) => time >= events.from && time < events.until)
      .filter((time) => {
        const ofTime = countedRows(rows, read).filter((row) => row.entityId === entityId && row.timestamp === time);
        return ofTime.length > (events.areRepeated ? 1 : 0);
      })
      .map((time) => ({ entityId, time }));
  });
}

export function compare(a: Instant, b: Instant): number {
  return a < b ? -1 : Number(a > b);
}
