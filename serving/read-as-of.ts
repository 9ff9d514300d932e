import { AppError } from '../errors/app-error.js';
import type { FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';
import { toChunks } from '../runtime/to-chunks.js';
import type { OfflineStore, PointInTimeRead } from '../datasources/offline/offline-store.js';
import type { OnlineStore } from '../datasources/online/online-store.js';

/**
 * The online store needs one read per moment, the offline store one label. From this number of moments on, one offline
 * query is faster.
 */
const MAX_ONLINE_MOMENTS = 8;

/**
 * Returns what was known of each label. It reads the online store where that still has the value, and the offline store
 * for the rest.
 */
export async function readAsOf(
  online: OnlineStore,
  offline: Pick<OfflineStore, 'pointInTime'>,
  read: PointInTimeRead,
  now: Instant,
): Promise<FeatureCell[][]> {
  const known = await readVersions(online, read, now);
  if (!known) return offline.pointInTime(read);
  const open = [...read.labels.keys()].filter((label) => known[label]!.includes(undefined));
  if (open.length === 0) return known as FeatureCell[][];
  const features = read.features.filter((_, index) => open.some((label) => known[label]![index] === undefined));
  const found = await offline.pointInTime({ ...read, features, labels: open.map((label) => read.labels[label]!) });
  const rows = new Map(open.map((label, index) => [label, found[index]!]));
  return known.map((cells, label) =>
    cells.map((cell, index) => cell ?? rows.get(label)![features.indexOf(read.features[index]!)]!),
  );
}

/** undefined when the online store cannot help with this label. */
async function readVersions(
  { versions, maxEntityIdsPerRead }: OnlineStore,
  { entityType, labels, features }: PointInTimeRead,
  now: Instant,
): Promise<(FeatureCell | undefined)[][] | undefined> {
  if (!versions) return undefined;
  const moments = Map.groupBy(labels.keys(), (label) => labels[label]!.time);
  const recent = [...moments].filter(
    (moment): moment is [Instant, number[]] =>
      moment[0] !== null && moment[0] <= now && moment[0] >= now - versions.retention,
  );
  if (recent.length === 0 || recent.length > MAX_ONLINE_MOMENTS) return undefined;
  const cells: (FeatureCell | undefined)[][] = labels.map(() => features.map(() => undefined));
  const reads = recent.flatMap(([asOf, ofMoment]) => {
    const identified = ofMoment.filter((label) => labels[label]!.entityId !== null);
    return toChunks(identified, maxEntityIdsPerRead).map(async (some) => {
      const entityIds = some.map((label) => labels[label]!.entityId!);
      const rows = await versions.readAsOf({ entityType, entityIds, features, now, asOf });
      for (const [index, label] of some.entries()) cells[label] = rows[index]!;
    });
  });
  const failed = (await Promise.allSettled(reads)).find((outcome) => outcome.status === 'rejected');
  // The offline store has everything: if an online store is down, such reads are slower and do not fail.
  if (failed && !isUnavailable(failed.reason)) throw failed.reason;
  return cells;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STORE_UNAVAILABLE';
}
