import type { ScanWork } from '../datasources/job-store/job-cost.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { checkGeneratedCount, generatedRead, isGenerated, type GeneratingRequest } from './generated-relation.js';
import { labelRelation } from './label-relation.js';
import { labelTimes } from './label-times.js';
import { countLabels } from './load-labels.js';
import { isLocal, scanWork } from './scan-work.js';
import { withWorkDatabase, type TrainingSetDependencies } from './training-set-dependencies.js';
import type { TrainingSetRequest } from './training-sets.js';

/**
 * The scan work of a training set. Its labels are counted if their number determines the number of scans; no label is
 * read. Generated labels are counted in any case, because there may be too many.
 */
export async function trainingSetWork(
  dependencies: TrainingSetDependencies,
  request: TrainingSetRequest,
): Promise<ScanWork> {
  const { stores, clock } = dependencies;
  if (!isGenerated(request)) {
    return scanWork(request, stores, clock(), () => countRequestLabels(dependencies, request));
  }
  if (!isLocal(request.joins[0]!)) return remoteWork(dependencies, request);
  const count = await countRequestLabels(dependencies, request);
  checkGeneratedCount(request, count);
  const work = await scanWork(request, stores, clock(), async () => count);
  const { scanned, billed } = await estimateTimes(dependencies, request);
  return { ...work, bytes: work.bytes + scanned, billedBytes: (work.billedBytes ?? work.bytes) + billed };
}

/** Nothing is read of a remote store before the start, because it would be billed: the labels are at most so many. */
async function remoteWork(dependencies: TrainingSetDependencies, request: GeneratingRequest): Promise<ScanWork> {
  const { stores, clock } = dependencies;
  const { scanned, billed, maxTimes } = await estimateTimes(dependencies, request);
  const { times, entityIds } = request.labels;
  let most = maxTimes;
  if (times.kind === 'REGULAR') {
    const count = await withWorkDatabase(dependencies, (work) => labelTimes(work, times));
    const entities = entityIds === null ? maxTimes : BigInt(entityIds.length);
    most = (entities < maxTimes ? entities : maxTimes) * BigInt(count.length);
  }
  const labels = Math.min(Number(most), REQUEST_LIMITS.maxGeneratedLabels);
  const work = await scanWork(request, stores, clock(), async () => labels);
  return { ...work, bytes: work.bytes + scanned, billedBytes: (work.billedBytes ?? work.bytes) + billed };
}

function estimateTimes({ stores }: TrainingSetDependencies, request: GeneratingRequest) {
  const { entityType } = request.joins[0]!;
  return stores.offline(entityType.featurestore).estimateEntityTimes(generatedRead(request));
}

async function countRequestLabels(dependencies: TrainingSetDependencies, request: TrainingSetRequest): Promise<number> {
  if (request.labels.kind === 'INLINE') return request.labels.rows.length;
  return withWorkDatabase(dependencies, async (work) =>
    countLabels(work, request, await labelRelation(work, request, dependencies)),
  );
}
