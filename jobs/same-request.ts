import type { JobRecord } from '../datasources/job-store/job-record.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import type { JobHandler, JobPlan } from './job-handler.js';
import type { JobRequest } from './job-request.js';

/** Whether a planned request equals the request that started a job. The order of names in an object does not matter. */
export function isSameRequest<Request extends JobRequest, Spec>(
  handler: JobHandler<Request, Spec>,
  { spec, displayName, labels }: JobPlan<Spec>,
  job: JobRecord,
): boolean {
  if (!handler.type.includes(job)) return false;
  const requested = (of: Spec): unknown => (handler.requested ? handler.requested(of) : of);
  const asked = toCanonicalJson([requested(spec), displayName, labels]);
  return asked === toCanonicalJson([requested(job.spec), job.displayName, job.labels]);
}
