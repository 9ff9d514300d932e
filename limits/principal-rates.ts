import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../errors/app-error.js';
import { RateWindows } from './rate-windows.js';

export interface RateLimits {
  /** Requests and subscriptions of one principal in a second; null: no limit. */
  readonly maxRequestsPerSecond: number | null;
  /** Rows of `POST /ingest` of one principal in a second; null: no limit. */
  readonly maxRowsPerSecond: number | null;
}

const SECOND_MS = 1_000;

/**
 * How much one principal may ask in a second, in this process. Small requests start at once (work-in-flight.ts), so without
 * this one client could fill the process with them. Principals of the mode `open` are all the same one, and have no limit.
 */
export class PrincipalRates {
  readonly #requests: RateWindows | null;
  readonly #rows: RateWindows | null;

  constructor({ maxRequestsPerSecond, maxRowsPerSecond }: RateLimits) {
    this.#requests = maxRequestsPerSecond === null ? null : new RateWindows(maxRequestsPerSecond, SECOND_MS);
    this.#rows = maxRowsPerSecond === null ? null : new RateWindows(maxRowsPerSecond, SECOND_MS);
  }

  /** Counts a request, or refuses it with RATE_LIMITED. */
  takeRequest(principal: string): void {
    const wait = this.#requests?.take(principal);
    if (wait === undefined) return;
    const retryAfterSeconds = Math.max(1, Math.ceil(wait / SECOND_MS));
    throw new AppError(
      'RATE_LIMITED',
      `You may send ${this.#requests!.points} requests a second. Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }

  /** Counts rows, and waits as long as there were too many. A stream is read slowly instead of being cut. */
  async takeRows(principal: string, rows: number, signal: AbortSignal): Promise<void> {
    if (!this.#rows || rows === 0) return;
    // A batch that is larger than the limit takes one second.
    const points = Math.min(rows, this.#rows.points);
    for (;;) {
      const wait = this.#rows.take(principal, points);
      if (wait === undefined) return;
      await pause(Math.max(1, wait), undefined, { signal });
    }
  }
}
