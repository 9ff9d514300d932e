import type { NewestRead, OfflineStore } from '../datasources/offline/offline-store.js';
import type { OnlineWrite } from '../datasources/online/online-store.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Instant } from '../values/instant.js';

/**
 * The values of a source that an online store gets in a fill or a sync: the newest values of every entity at a moment.
 * The moment is required: a future row is not known yet, and an online store serves every value that it has.
 */
export function newestWrites(
  offline: Pick<OfflineStore, 'newest'>,
  source: FeatureSource,
  read: NewestRead & { readonly asOf: Instant },
): AsyncIterable<OnlineWrite[]> {
  return offline.newest(source, read);
}
