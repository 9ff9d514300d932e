import type { FeatureSource } from '../../registry/model.js';
import { noCreationTime } from '../point-in-time/no-creation-time.js';

/** Refuses a source that is computed without a creation time. Rows that clients write have the time of the write. */
export function requireCreationTime(source: FeatureSource): void {
  if (source.sql !== null && source.createdTimestampColumn === null) throw noCreationTime(source);
}
