import type { Access } from '../auth/policy/access.js';
import { permissionDenied } from '../auth/policy/permission.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import { AppError, badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { DEFAULT_TOLERANCE_SECONDS, type ServedSkewArguments } from '../schema/registry/served-skew.js';
import type { ServedSkewRequest } from '../statistics/served-skew/skew-comparison.js';
import { TRAINING_SET_JOB } from '../training-sets/training-set-job.js';
import type { TrainingSetJobRecord } from '../training-sets/training-sets.js';
import { EARLIEST_INSTANT } from '../values/instant.js';
import { namedFeature } from './catalogue.js';
import type { RequestContext } from './context.js';
import { withFieldPath } from './field-path.js';
import { findJob } from './jobs.js';
import { checkRead } from './statistics-request.js';
import { checkLabels } from './training-set-access.js';

/** Ten years: a label and a read that are further apart have nothing to do with each other. */
const MAX_TOLERANCE_SECONDS = 315_360_000;

/** The features that are compared by default: those that the client may read of all entities. */
export function skewedFeatures(access: Access, entityType: EntityType): readonly Feature[] {
  const { everywhere } = access.reads(entityType);
  return entityType.features.filter((feature) => everywhere.has(feature));
}

/** The request of the service, from the arguments and under the policy. Errors name the argument. */
export async function servedSkewRequest(
  context: RequestContext,
  entityType: EntityType,
  { trainingSet, range, features: names, match, toleranceSeconds, doubleTolerance, examples }: ServedSkewArguments,
): Promise<ServedSkewRequest> {
  const { access, now } = context;
  const features = names
    ? [...new Set(names)].map((name) => namedFeature(access, entityType, name, 'features'))
    : skewedFeatures(access, entityType);
  if (features.length === 0) {
    throw names
      ? badInput('"features" names no feature. Leave it out for all features.', 'features')
      : permissionDenied(`You may not read a feature of all entities of "${entityType.name}".`, 'features');
  }
  for (const feature of features) checkRead(access, feature, null, 'features');
  const { from, before } = range ?? {};
  if (from != null && before != null && from >= before) {
    throw badInput('"from" is not earlier than "before", so the range is empty.', 'range.from');
  }
  const tolerance = inRange(toleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS, MAX_TOLERANCE_SECONDS, 'toleranceSeconds');
  return {
    entityType,
    features,
    from: from ?? EARLIEST_INSTANT,
    before: before ?? now + 1n,
    trainingSet: trainingSet == null ? null : await trainingSetJob(context, trainingSet),
    match: match ?? 'BEFORE',
    tolerance: BigInt(Math.round(tolerance * 1e6)),
    doubleTolerance: inRange(doubleTolerance ?? 0, Number.MAX_VALUE, 'doubleTolerance'),
    examples: inRange(examples ?? REQUEST_LIMITS.defaultSkewExamples, REQUEST_LIMITS.maxSkewExamples, 'examples'),
  };
}

async function trainingSetJob(context: RequestContext, id: string): Promise<TrainingSetJobRecord> {
  const job = await withFieldPath(
    (field) => (field === 'id' ? 'trainingSet' : field),
    () => findJob(context, id),
  );
  if (!TRAINING_SET_JOB.includes(job)) {
    throw new AppError('JOB_NOT_FOUND', `The job "${id}" is of kind ${job.kind}, not TRAINING_SET.`, {
      field: 'trainingSet',
    });
  }
  if (job.result) {
    // The answer has ids and times of the labels.
    checkLabels(context, job.spec.labels, 'trainingSet');
    return job;
  }
  throw badInput(`The job "${id}" has the state ${job.state} and no training set.`, 'trainingSet');
}

function inRange(number: number, most: number, field: string): number {
  if (number >= 0 && number <= most) return number;
  throw badInput(`"${field}" is a number from 0 to ${most}, not ${number}.`, field);
}
