import type { ScanWork } from '../datasources/job-store/job-cost.js';
import { labelRelation } from './label-relation.js';
import { countLabels } from './load-labels.js';
import { scanWork } from './scan-work.js';
import { withWorkDatabase, type TrainingSetDependencies } from './training-set-dependencies.js';
import type { TrainingSetRequest } from './training-sets.js';

/**
 * The scan work of a training set. Its labels are counted if their number determines the number of scans; no label is
 * read.
 */
export function trainingSetWork(dependencies: TrainingSetDependencies, request: TrainingSetRequest): Promise<ScanWork> {
  const { stores, clock } = dependencies;
  return scanWork(request, stores, clock(), () => countRequestLabels(dependencies, request));
}

async function countRequestLabels(dependencies: TrainingSetDependencies, request: TrainingSetRequest): Promise<number> {
  if (request.labels.kind === 'INLINE') return request.labels.rows.length;
  return withWorkDatabase(dependencies, async (work) =>
    countLabels(work, request, await labelRelation(work, request, dependencies.files)),
  );
}
