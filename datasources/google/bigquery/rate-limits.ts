import pRetry from 'p-retry';
import { readErrorReasons } from './api-error.js';

const REASONS = ['rateLimitExceeded', 'userRateLimitExceeded', 'jobRateLimitExceeded'];

/** How long to wait after the first refusal; then twice as long each time, with chance in it. */
export const DEFAULT_RETRY_DELAY_MS = 500;
export const RETRIES = 4;

export function isRateLimit(error: unknown): boolean {
  return readErrorReasons(error).some((reason) => REASONS.includes(reason));
}

/**
 * Sends a request again that BigQuery refused for coming too fast. It does so with status 403, and the client tries again
 * only after 429 and 5xx: it looks at the status of an answer before it has read the reason.
 */
export async function retryOnRateLimit<Result>(delayMs: number, request: () => Promise<Result>): Promise<Result> {
  return pRetry(request, {
    retries: RETRIES,
    minTimeout: delayMs,
    randomize: true,
    shouldRetry: ({ error }) => isRateLimit(error),
  });
}
