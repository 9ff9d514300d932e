import { JobFailure } from '../jobs/job-failure.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { TrainingSetValidationResult, UnexpectedValues } from './training-sets.js';
import { validate } from './validate.js';
import type { WorkDatabase } from './work-database.js';

/**
 * Validates the output of a job. If the output lost or duplicated a label, or changed a label column, the job fails and
 * the output never gets its name: a user who joined it with the labels again would train on wrong rows. It does not get it
 * either if a value violates an expectation of the registry with REJECT: such a value must not be trained on.
 */
const MAX_NAMED = 10;

export async function validateOutput(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  output: string,
  onShare: (share: number) => void,
): Promise<TrainingSetValidationResult> {
  const validation = await validate(work, plan, output, onShare);
  const { labelRows, joinedRows, changedRows, offendingRows } = validation;
  if (joinedRows !== labelRows) {
    throw new JobFailure(
      'OUTPUT_INVALID',
      `The output has ${joinedRows} rows and there are ${labelRows} labels: a label was lost or doubled. It was removed. Start the job again, and report this if it comes back.`,
    );
  }
  if (changedRows > 0n) {
    const first = offendingRows.find(({ kind }) => kind === 'CHANGED');
    throw new JobFailure(
      'OUTPUT_INVALID',
      `${changedRows} rows of the output have other label columns than the input, the first of them label ${first?.row ?? 0n} (counted from 0). ` +
        'The output was removed. Cast columns that the format of the output cannot keep, or choose another format.',
    );
  }
  const rejected = validation.unexpectedValues?.filter(({ action }) => action === 'REJECT') ?? [];
  if (rejected.length > 0) throw new JobFailure('EXPECTATION_VIOLATED', describeRejected(rejected));
  return validation;
}

/** What is expected is not in it: clients that see the job may not know the feature. */
function describeRejected(rejected: readonly UnexpectedValues[]): string {
  const sentences = rejected.slice(0, MAX_NAMED).map(({ column, kind, rows, examples }) => {
    const what = kind === 'NULL_SHARE' ? 'no value' : 'a value that is not as expected';
    const which = `${rows > BigInt(examples.length) ? 'the first are labels' : 'labels'} ${examples.join(', ')}`;
    return `In ${rows} rows, "${column}" has ${what} (${kind}: ${which}, counted from 0).`;
  });
  const more = rejected.length - sentences.length;
  return [
    ...sentences,
    ...(more > 0 ? [`${more} more expectations are violated.`] : []),
    'Feature.expectations has what is expected. The output was removed. Correct the values, or change the expectation or its onViolation in the registry.',
  ].join(' ');
}
