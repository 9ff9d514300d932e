import type { JobRecord } from '../datasources/job-store/job-record.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import type { JobHandler, JobPlan } from './job-handler.js';
import type { JobRequest } from './job-request.js';

/** Whether a request, as it is planned, asks for what a job was started for. The order of names in an object says nothing. */
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
