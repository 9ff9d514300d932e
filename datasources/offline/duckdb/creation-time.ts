import type { FeatureSource } from '../../registry/model.js';
import { hasCreationTime, noCreationTime } from '../point-in-time/no-creation-time.js';

/** Refuses a source that is computed without a creation time. */
export function requireCreationTime(source: FeatureSource): void {
  if (!hasCreationTime(source)) throw noCreationTime(source);
}
