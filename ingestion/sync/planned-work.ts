import type { JobWork } from '../../datasources/job-store/job-cost.js';
import type { JobHandler } from '../../jobs/job-handler.js';
import type { StartFeatureViewSync } from '../feature-view-syncs.js';

/** The work of the job that a request would start, after the checks of its start. null: it is not known. */
export async function plannedWork(
  handler: Pick<JobHandler<StartFeatureViewSync>, 'plan'>,
  request: StartFeatureViewSync,
): Promise<JobWork | null> {
  const { check, work } = await handler.plan(request);
  await check?.();
  return (await work?.()) ?? null;
}
