import type { NewestRead, OfflineStore } from '../datasources/offline/offline-store.js';
import type { OnlineWrite } from '../datasources/online/online-store.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Instant } from '../values/instant.js';

/**
 * What an online store gets of a source, in a fill as in a sync: the newest values of every entity at a moment. The moment
 * is never left out: a row of the future is not known yet, and an online store serves whatever it has.
 */
export function newestWrites(
  offline: Pick<OfflineStore, 'newest'>,
  source: FeatureSource,
  read: NewestRead & { readonly asOf: Instant },
): AsyncIterable<OnlineWrite[]> {
  return offline.newest(source, read);
}
