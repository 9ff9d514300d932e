import type { Feature } from '../../datasources/registry/model.js';
import type { CellStatus } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue, ValueType } from '../../values/value-type.js';

/** Why a trained value may differ from the served one. schema/registry/served-skew.ts describes each. */
export const SKEW_REASONS = [
  'DEFINITION_CHANGED',
  'BECAME_TRUE_AFTER_READ',
  'SERVED_AFTER_LABEL',
  'EXPIRED',
  'LATE_ARRIVAL',
  'CORRECTED',
  'ONLINE_STORE_BEHIND',
  'NOT_IN_HISTORY',
  'HISTORY_CHANGED',
] as const;
export type SkewReason = (typeof SKEW_REASONS)[number];

/** Which read belongs to a label: the nearest one at or before its time, or the nearest one on either side. */
export type ServedMatch = 'BEFORE' | 'AROUND';

/** The side of training. A training set does not tell why a value is absent, nor always its event time. */
export interface TrainedValue {
  readonly value: RawValue | null;
  /** null: not known. */
  readonly status: CellStatus | null;
  /** null: the value has no event time. undefined: not known. */
  readonly timestamp: Instant | null | undefined;
}

/** The side of serving. */
export interface ServedValue {
  readonly value: RawValue | null;
  readonly status: CellStatus;
  readonly timestamp: Instant | null;
  /** When it was read. */
  readonly readAt: Instant;
  /** As the registry had it then. */
  readonly valueType: ValueType;
  readonly definition: string;
}

/** One value of both sides. */
export interface SkewPair {
  readonly entityId: string;
  readonly labelTime: Instant;
  readonly trained: TrainedValue;
  readonly served: ServedValue;
}

export interface SkewExample extends SkewPair {
  readonly reason: SkewReason;
}

export interface StatusPair {
  readonly trained: CellStatus | null;
  readonly served: CellStatus;
  readonly count: number;
}

export interface FeatureSkew {
  readonly feature: Feature;
  readonly compared: number;
  /** The same value, or none on both sides. */
  readonly equal: number;
  /** Both sides have a value, and not the same. */
  readonly different: number;
  /** Only the training side has a value. */
  readonly missingServed: number;
  /** Only the serving side has a value. */
  readonly missingTrained: number;
  readonly statuses: readonly StatusPair[];
  readonly examples: readonly SkewExample[];
}

export interface ServedSkewResult {
  /** The entities of reads, or the labels, that were compared. */
  readonly compared: number;
  /** Whether all were compared that the log has of the range. */
  readonly isComplete: boolean;
  readonly earliestRead: Instant | null;
  readonly latestRead: Instant | null;
  readonly features: readonly FeatureSkew[];
}
