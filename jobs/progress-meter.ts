import type { Instant } from '../values/instant.js';
import type { JobProgress } from '../datasources/job-store/job-record.js';

/** Over how much of the recent past the rate is taken: long enough to be steady, short enough to follow a change. */
const WINDOW_MICROS = 10_000_000n;

/** Reports that follow each other faster are one sample: a fast job reports thousands of times a second. */
const SAMPLE_MICROS = 100_000n;

export interface ProgressRate {
  /** Items a second, completed and failed; null until there is something to tell. */
  readonly ratePerSecond: number | null;
  /** Seconds until all are done at this rate; null when that is not known. */
  readonly remainingSeconds: number | null;
}

/** How fast a job goes, from what it reported lately. */
export class ProgressMeter {
  readonly #samples: { readonly at: Instant; readonly done: bigint }[] = [];

  add(progress: JobProgress, at: Instant): void {
    const last = this.#samples.at(-1);
    if (last && at - last.at < SAMPLE_MICROS) return;
    this.#samples.push({ at, done: progress.completed + progress.failed });
    // Keep one sample from before the window, so that it is always spanned.
    while (this.#samples[1] && this.#samples[1].at <= at - WINDOW_MICROS) this.#samples.shift();
  }

  /** Up to now, not to the last report: a job that stands still gets slower. */
  rate({ completed, failed, total }: JobProgress, now: Instant): ProgressRate {
    const first = this.#samples[0];
    if (!first || now <= first.at) return { ratePerSecond: null, remainingSeconds: null };
    const ratePerSecond = Number(completed + failed - first.done) / (Number(now - first.at) / 1e6);
    const left = total === null ? null : Number(total - completed - failed);
    return { ratePerSecond, remainingSeconds: left === null || ratePerSecond <= 0 ? null : left / ratePerSecond };
  }
}
