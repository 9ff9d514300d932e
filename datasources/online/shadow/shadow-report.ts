import type { EntityType, Feature } from '../../registry/model.js';
import type { ComparisonOutcome } from './compare-cells.js';

/** Where a shadow store says what it found. observability/shadow-metrics.ts counts it for Prometheus. */
export interface ShadowReport {
  /** One value of one entity was compared. */
  compared(feature: Feature, outcome: ComparisonOutcome): void;
  /** A read that was to be compared: it was, or the shadow was too busy for it, or failed or took too long. */
  read(featurestore: string, result: 'compared' | 'dropped' | 'failed'): void;
  /** A write that the serving store has taken: the shadow took it too, or did not. */
  write(featurestore: string, result: 'written' | 'dropped' | 'failed'): void;
  /** A deletion that the serving store has done: the shadow did it too, or still has what was erased. */
  delete(entityType: EntityType, result: 'deleted' | 'dropped' | 'failed'): void;
}
