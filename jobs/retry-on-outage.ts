import pRetry from 'p-retry';
import { AppError } from '../errors/app-error.js';

/** With pauses of 1 s, 2 s, 4 s, ... a job outlasts half a minute without the store. */
const OUTAGE_RETRIES = 5;

/**
 * For a job, which has time: asks a store again when it did not answer. When the job is to stop there is no other try, and
 * no pause is waited for; what was asked of the store is.
 */
export function retryOnOutage<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  return pRetry(ask, {
    retries: OUTAGE_RETRIES,
    signal,
    shouldRetry: ({ error }) => error instanceof AppError && error.code === 'STORE_UNAVAILABLE',
  });
}
