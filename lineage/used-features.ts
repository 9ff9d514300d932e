import type { BacktestSpec } from '../backtests/backtests.js';
import type { TrainingSetSpec } from '../training-sets/training-sets.js';

/** A feature as the record of a job names it. The registry may no longer have it. */
export interface UsedFeature {
  readonly featurestore: string;
  readonly entityType: string;
  readonly feature: string;
}

/** The features that a training set is made from: those that it joins, and the one whose event times are its labels. */
export function usedFeatures({ labels, joins }: Pick<TrainingSetSpec, 'labels' | 'joins'>): UsedFeature[] {
  const joined = joins.flatMap(({ featurestore, entityType, features }) =>
    features.map((feature) => ({ featurestore, entityType, feature })),
  );
  const times = labels.kind === 'GENERATED' && labels.times.kind === 'EVENTS' ? labels.times : null;
  return times === null ? joined : [...joined, ofMain(joins, times.feature)];
}

/** The features that a backtest reads: those of its rows, and the one that the predictions are compared with. */
export function featuresOfBacktest({ rows, actual }: BacktestSpec): UsedFeature[] {
  const ofRows = usedFeatures(rows);
  return actual.kind === 'FEATURE' ? [...ofRows, ofMain(rows.joins, actual.feature)] : ofRows;
}

/** The first join is that of the main entity type. */
function ofMain([main]: TrainingSetSpec['joins'], feature: string): UsedFeature {
  return { featurestore: main!.featurestore, entityType: main!.entityType, feature };
}
