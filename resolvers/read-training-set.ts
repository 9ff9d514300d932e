import { nameOf } from '../auth/audit/audit-trail.js';
import { toTrainingSetRequest } from '../training-sets/training-set-spec.js';
import { TRAINING_SET, type TrainingSetJobRecord, type TrainingSetStream } from '../training-sets/training-sets.js';
import type { RequestContext } from './context.js';
import { withFieldPath } from './field-path.js';
import { findJob, toJobNotFoundError } from './jobs.js';
import { checkLabels, permittedFeatures } from './training-set-access.js';

/**
 * The rows of a training set, under the policy of now: a client that may see the job, and may not read one of its features or
 * its labels, gets none.
 */
export async function readTrainingSet(
  context: RequestContext,
  id: string,
  signal: AbortSignal,
): Promise<TrainingSetStream> {
  const found = await findJob(context, id);
  if (found.kind !== TRAINING_SET) throw toJobNotFoundError(id, 'id');
  const job = found as TrainingSetJobRecord;
  await checkTrainingSet(context, job, 'id');
  return context.trainingSets.stream(job, signal);
}

/**
 * Refuses a training set of which the principal may not read a feature or the labels, by the policy of now. `field` is the
 * argument that names its job: the request names nothing else.
 */
export function checkTrainingSet(context: RequestContext, job: TrainingSetJobRecord, field: string): Promise<void> {
  return withFieldPath(
    () => field,
    () => checkRead(context, job),
  );
}

async function checkRead(context: RequestContext, { spec }: TrainingSetJobRecord): Promise<void> {
  const { labels, joins } = toTrainingSetRequest(spec, context.registry);
  checkLabels(context, labels);
  for (const [index, { entityType, entityIdColumns, features }] of joins.entries()) {
    const access = {
      action: 'READ',
      entityType: nameOf(entityType),
      features: features.map(({ name }) => name),
    } as const;
    const path = index === 0 ? '' : `joins[${index - 1}].`;
    await context.audit.run(access, async () =>
      permittedFeatures(context.access, { entityType, entityIdColumns, named: features, others: [], path }, labels),
    );
  }
}
