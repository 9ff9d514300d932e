import pRetry from 'p-retry';
import { AppError } from '../errors/app-error.js';

/** With pauses of 1 s, 2 s, 4 s, ... the work survives a store outage of half a minute. */
const OUTAGE_RETRIES = 5;

/**
 * Retries a call to a store that did not answer, for work without a near deadline, such as a job. After the signal
 * aborts, it makes no further attempt and ends a pause, but it waits for the running call.
 */
export function retryOnOutage<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  return pRetry(ask, {
    retries: OUTAGE_RETRIES,
    signal,
    shouldRetry: ({ error }) => error instanceof AppError && error.code === 'STORE_UNAVAILABLE',
  });
}
