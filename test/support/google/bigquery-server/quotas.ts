import { LIMITS } from '../limits.js';
import { QuotaWindows } from '../quota-windows.js';
import { ApiError } from './api-error.js';

/** The requests of a user and method in a second. They are off unless a test says how long a second is. */
export class BigQueryQuotas {
  secondMs: number | null = null;
  /** Tests with few requests use less. */
  perSecond: number = LIMITS.bigquery.requestsPerSecond.value;
  readonly windows = new QuotaWindows();

  get refused(): ReadonlyMap<string, number> {
    return this.windows.refused;
  }

  /** `request` is its HTTP method and path. A method of the API is the path without its ids. */
  check(request: string): void {
    if (this.secondMs === null) return;
    const method = request.replaceAll(/\/(projects|datasets|tables|jobs|queries)\/[^/]+/g, '/$1/*');
    if (this.windows.take(method, this.perSecond, this.secondMs)) return;
    throw new ApiError(
      403,
      'rateLimitExceeded',
      'Exceeded rate limits: too many api requests per user per method for this user_method. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas',
    );
  }
}
