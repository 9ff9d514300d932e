import type { EntityType, Feature } from '../../registry/model.js';
import type { ComparisonOutcome } from './compare-cells.js';

/** Receives the results of a shadow store. observability/shadow-metrics.ts counts them for Prometheus. */
export interface ShadowReport {
  /** The store compared one value of one entity. */
  compared(feature: Feature, outcome: ComparisonOutcome): void;
  /** The result of a read to compare: compared, dropped because the shadow store was busy, failed or timed out. */
  read(featurestore: string, result: 'compared' | 'dropped' | 'failed'): void;
  /** The shadow store did or did not apply a write that the serving store accepted. */
  write(featurestore: string, result: 'written' | 'dropped' | 'failed'): void;
  /** The shadow store did or did not apply a deletion of the serving store. If not, it still has the erased entity. */
  delete(entityType: EntityType, result: 'deleted' | 'dropped' | 'failed'): void;
}
