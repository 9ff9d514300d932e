import type { OnlineFill } from './fill-online-store.js';
import { addFillExpiry, findFillExpiry, isUpToDate } from './fill-fingerprint.js';
import { findGoodUntil } from './fill-online-store.js';

/**
 * Adds the rows that became true since the last fill of an online store: the same as a new fill, as long as nothing
 * else changed, because a newer value replaces an older one. Returns false when the store needs a whole fill.
 */
export async function extendFill({
  entityType,
  offline,
  online,
  clock,
  fingerprint,
}: Omit<OnlineFill, 'onFutureRows'>): Promise<boolean> {
  const expectedFill = await online.currentFill(entityType, true);
  const expiry = findFillExpiry(expectedFill);
  if (!online.extendFill || expectedFill === undefined || expiry === null) return false;
  const asOf = clock();
  if (isUpToDate(expectedFill, fingerprint, asOf)) return true;
  // With the moment before the first such row, only the expiry can be the difference.
  if (!isUpToDate(expectedFill, fingerprint, expiry - 1n)) return false;
  return online.extendFill(entityType, {
    expectedFill,
    fingerprint: addFillExpiry(fingerprint, await findGoodUntil(entityType, offline, asOf)),
    readWrites: (source) => offline.newestBetween(source, { from: expiry, asOf }),
  });
}
