import pRetry from 'p-retry';
import { readErrorReasons } from './api-error.js';

const REASONS = ['rateLimitExceeded', 'userRateLimitExceeded', 'jobRateLimitExceeded'];

/** The pause after the first refusal; it doubles each time, with jitter. */
export const DEFAULT_RETRY_DELAY_MS = 500;
export const RETRIES = 4;

/** Too many queries of the project wait. The reason is that of a quota of a day too, which no retry outlasts. */
const QUEUE_FULL = /\bjobs that can be queued\b/;

export function isRateLimit(error: unknown): boolean {
  const reasons = readErrorReasons(error);
  if (reasons.some((reason) => REASONS.includes(reason))) return true;
  return reasons.includes('quotaExceeded') && error instanceof Error && QUEUE_FULL.test(error.message);
}

/**
 * Retries a request that BigQuery refused for its rate limit. BigQuery refuses it with status 403, and the client
 * retries only 429 and 5xx: it checks the status of a response before it has read the reason.
 */
export async function retryOnRateLimit<Result>(delayMs: number, request: () => Promise<Result>): Promise<Result> {
  return pRetry(request, {
    retries: RETRIES,
    minTimeout: delayMs,
    randomize: true,
    shouldRetry: ({ error }) => isRateLimit(error),
  });
}
