import type { QueryOrigin } from '../datasources/offline/bigquery/job-labels.js';
import { requestScope } from '../observability/request-scope.js';

/** The request that a query of a warehouse is for. A copy of the scope by `...` has no signal: an HTTP request makes it when it is asked for. */
export function queryOrigin(tenant?: string): QueryOrigin {
  const scope = requestScope.getStore();
  return { tenant, requestId: scope?.requestId, signal: scope?.signal };
}
