import { setTimeout as pause } from 'node:timers/promises';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../errors/app-error.js';

export interface RateLimits {
  /** Requests and subscriptions of one principal in a second; null: no limit. */
  readonly maxRequestsPerSecond: number | null;
  /** Rows of `POST /ingest` of one principal in a second; null: no limit. */
  readonly maxRowsPerSecond: number | null;
}

/**
 * How much one principal may ask in a second, in this process. Small requests start at once (work-in-flight.ts), so without
 * this one client could fill the process with them. Principals of the mode `open` are all the same one, and have no limit.
 */
export class PrincipalRates {
  readonly #requests: RateLimiterMemory | null;
  readonly #rows: RateLimiterMemory | null;
  readonly #maxRows: number;

  constructor({ maxRequestsPerSecond, maxRowsPerSecond }: RateLimits) {
    this.#requests = maxRequestsPerSecond === null ? null : perSecond(maxRequestsPerSecond);
    this.#rows = maxRowsPerSecond === null ? null : perSecond(maxRowsPerSecond);
    this.#maxRows = maxRowsPerSecond ?? Infinity;
  }

  /** Counts a request, or refuses it with RATE_LIMITED. */
  async takeRequest(principal: string): Promise<void> {
    if (!this.#requests) return;
    const wait = await consume(this.#requests, principal, 1);
    if (wait === undefined) return;
    const retryAfterSeconds = Math.max(1, Math.ceil(wait / 1000));
    throw new AppError(
      'RATE_LIMITED',
      `You may send ${this.#requests.points} requests a second. Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }

  /** Counts rows, and waits as long as there were too many. A stream is read slowly instead of being cut. */
  async takeRows(principal: string, rows: number, signal: AbortSignal): Promise<void> {
    if (!this.#rows || rows === 0) return;
    // A batch that is larger than the limit takes one second.
    const points = Math.min(rows, this.#maxRows);
    for (;;) {
      const wait = await consume(this.#rows, principal, points);
      if (wait === undefined) return;
      await pause(Math.max(1, wait), undefined, { signal });
    }
  }
}

function perSecond(points: number): RateLimiterMemory {
  return new RateLimiterMemory({ points, duration: 1 });
}

/** The milliseconds to wait; undefined if the points were there. */
async function consume(limiter: RateLimiterMemory, key: string, points: number): Promise<number | undefined> {
  try {
    await limiter.consume(key, points);
    return undefined;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal.msBeforeNext;
    throw refusal;
  }
}
