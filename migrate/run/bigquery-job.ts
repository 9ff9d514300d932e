import { toErrorMessage } from '../../errors/error-message.js';
import { OperatorError } from '../../errors/operator-error.js';
import { hasStatus } from '../../datasources/google/bigquery/api-error.js';
import { DEFAULT_RETRY_DELAY_MS, retryOnRateLimit } from '../../datasources/google/bigquery/rate-limits.js';
import type { StepOf } from '../migration-steps.js';
import type { StepContext } from './step-context.js';

/**
 * Runs a statement as a job whose id is that of the step, so that a job which an interrupted run started is waited for and
 * not started again: two merges at the same time could both insert a row.
 */
export async function runStatement(
  step: StepOf<'table'> | StepOf<'merge'>,
  sql: string,
  { state, services }: StepContext,
): Promise<void> {
  const { failedJobs = 0 } = state.progressOf(step.id) ?? {};
  const { planId } = state.document;
  const jobId = `featuregraph_migrate_${planId}_${step.id.replaceAll(/[^A-Za-z0-9_-]/g, '_')}_${failedJobs}`;
  const location = step.datasetLocation;
  const client = services.bigQuery;
  await retryOnRateLimit(DEFAULT_RETRY_DELAY_MS, () =>
    client.createQueryJob({ query: sql, jobId, location, labels: { featuregraph: 'migrate' } }),
  ).catch((error: unknown) => {
    if (!hasStatus(error, 409)) throw error;
  });
  try {
    // A call ends after some seconds, whether the job has ended or not.
    for (let isRunning = true; isRunning;) {
      const [, , answer] = await client
        .job(jobId, { location })
        .getQueryResults({ autoPaginate: false, maxResults: 1 });
      isRunning = answer?.jobComplete === false;
    }
  } catch (error) {
    // An ended job with an error keeps its id for ever.
    if (hasStatus(error, 400)) await state.note(step.id, { failedJobs: failedJobs + 1 });
    throw new OperatorError(`${step.title}: BigQuery refused it: ${toErrorMessage(error)}`, [], { cause: error });
  }
}
