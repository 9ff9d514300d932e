import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { Featurestore } from '../datasources/registry/model.js';
import { describeOfflineStore } from '../datasources/registry/store-kinds.js';
import { THIS_MACHINE } from './price-book.js';

/**
 * How queries of the offline stores of these featurestores are priced and metered. Several locations have no price in
 * common: the configured book then prices all of them.
 */
export function scanTerms(
  featurestores: readonly Featurestore[],
): Pick<ScanWork, 'priceBook' | 'location' | 'isMetered'> {
  const locations = featurestores.flatMap(({ offlineSettings }) => {
    const location = describeOfflineStore(offlineSettings).regionOf(offlineSettings);
    return location === null ? [] : [location.toLowerCase()];
  });
  const [location, ...others] = new Set(locations);
  if (location === undefined) return { priceBook: THIS_MACHINE };
  return { priceBook: null, isMetered: true, ...(others.length === 0 ? { location } : {}) };
}
