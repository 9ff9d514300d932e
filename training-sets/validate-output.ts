import { JobFailure } from '../jobs/job-failure.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { TrainingSetValidationResult } from './training-sets.js';
import { validate } from './validate.js';
import type { WorkDatabase } from './work-database.js';

/**
 * Validates the output of a job. If the output lost or duplicated a label, or changed a label column, the job fails and
 * the output never gets its name: a user who joined it with the labels again would train on wrong rows.
 */
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
  return validation;
}
