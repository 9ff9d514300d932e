import pRetry from 'p-retry';
import { AppError } from '../errors/app-error.js';

/** With pauses of 1 s, 2 s, 4 s, ... work outlasts half a minute without the store. */
const OUTAGE_RETRIES = 5;

/**
 * For work that has time, such as a job: asks a store again when it did not answer. Once the signal is aborted there is no
 * other try, and no pause is waited for; what was asked of the store is.
 */
export function retryOnOutage<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  return pRetry(ask, {
    retries: OUTAGE_RETRIES,
    signal,
    shouldRetry: ({ error }) => error instanceof AppError && error.code === 'STORE_UNAVAILABLE',
  });
}
