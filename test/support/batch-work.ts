import type { BatchWork } from '../../datasources/job-store/job-cost.js';

/** A second a batch, an hour in all: $0.219 by the published book, and some start-up. */
export const HOUR_OF_BATCHES: BatchWork = {
  kind: 'BATCHES',
  model: 'churn',
  rows: 3600n,
  batchSize: 1,
  startingReplicaCount: 1,
  machineType: 'n1-standard-4',
  acceleratorType: null,
  acceleratorCount: null,
  priceBook: null,
};
