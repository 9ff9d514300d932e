import { LIMITS } from '../limits.js';
import { ApiError } from './api-error.js';

/** Interactive queries of a project: some run, some wait, and those beyond are refused. Dry runs do not count. */
export class QueryQueue {
  /** How many run at once; null: all. BigQuery chooses it by itself and publishes no number. */
  concurrent: number | null = null;
  /** Tests with few queries use less. */
  limit: number = LIMITS.bigquery.queuedQueries.value;
  /** The queries that were refused, and the most that waited at a time. */
  refused = 0;
  mostWaiting = 0;
  #running = 0;
  readonly #waiting: (() => Promise<void>)[] = [];

  /** Throws, and starts nothing, if one more query would have to wait and has no place. */
  checkRoom(): void {
    if (this.#hasFree || this.#waiting.length < this.limit) return;
    this.refused += 1;
    throw new ApiError(
      403,
      'quotaExceeded',
      'Quota exceeded: Your project_and_region exceeded quota for max number of jobs that can be queued per project.',
    );
  }

  run(query: () => Promise<void>): void {
    this.#waiting.push(query);
    if (!this.#hasFree) this.mostWaiting = Math.max(this.mostWaiting, this.#waiting.length);
    this.#next();
  }

  get #hasFree(): boolean {
    return this.concurrent === null || this.#running < this.concurrent;
  }

  #next(): void {
    if (!this.#hasFree) return;
    const query = this.#waiting.shift();
    if (!query) return;
    this.#running += 1;
    void query().finally(() => {
      this.#running -= 1;
      this.#next();
    });
  }
}
