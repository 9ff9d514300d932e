import type { FeatureSource } from '../datasources/registry/model.js';
import type { Instant } from '../values/instant.js';
import { addFillExpiry, findFillExpiry, isUpToDate } from './fill-fingerprint.js';
import { findGoodUntil, type OnlineFill } from './fill-online-store.js';

/** What an online store lacks since its last fill. */
export interface AddedRows {
  /** The fingerprint of the contents before the rows were added. */
  readonly previous: string;
  /** The time of the earliest added row of each source with such rows. None of them replaces a stored row. */
  readonly added: ReadonlyMap<FeatureSource, Instant>;
}

/**
 * Adds the rows to an online store that were added to the offline store, and those that became true since the last fill:
 * the same as a new fill, because a newer value replaces an older one. Returns false when the store needs a whole fill.
 */
export async function extendFill(
  {
    entityType,
    offline,
    online,
    clock,
    fingerprint,
    signal,
    onFutureRows,
  }: Omit<OnlineFill, 'onFutureRows'> & Partial<OnlineFill>,
  { previous, added }: AddedRows = { previous: fingerprint, added: new Map() },
): Promise<boolean> {
  const expectedFill = await online.currentFill(entityType, true);
  if (!online.extendFill || expectedFill === undefined) return false;
  const asOf = clock();
  if (isUpToDate(expectedFill, fingerprint, asOf)) return true;
  const expiry = findFillExpiry(expectedFill);
  // With the moment before the first row of the future, only that row and the added ones can be the difference.
  if (!isUpToDate(expectedFill, previous, (expiry ?? asOf) - 1n)) return false;
  return online.extendFill(entityType, {
    expectedFill,
    fingerprint: addFillExpiry(fingerprint, await findGoodUntil(entityType, offline, asOf, onFutureRows)),
    async *readWrites(source) {
      const since = [added.get(source), expiry !== null && expiry <= asOf ? expiry : undefined];
      const from = since.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a));
      if (from === undefined) return;
      for await (const writes of offline.newestBetween(source, { from, asOf })) {
        signal?.throwIfAborted();
        yield writes;
      }
    },
  });
}
