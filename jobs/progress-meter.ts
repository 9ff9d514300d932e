import type { Instant } from '../values/instant.js';
import type { JobProgress } from '../datasources/job-store/job-record.js';

/** The period over which the rate is measured: long enough to be steady, short enough to follow a change. */
const WINDOW_MICROS = 10_000_000n;

/** Reports within this time are one sample: a fast job reports thousands of times a second. */
const SAMPLE_MICROS = 100_000n;

export interface ProgressRate {
  /** Items a second, completed and failed; null before the first measurement. */
  readonly ratePerSecond: number | null;
  /** Seconds until all items are done at this rate; null when unknown. */
  readonly remainingSeconds: number | null;
}

/** The current speed of a job, from its recent reports. */
export class ProgressMeter {
  readonly #samples: { readonly at: Instant; readonly done: bigint }[] = [];

  add(progress: JobProgress, at: Instant): void {
    // The clock was set back: times before and after do not compare.
    if ((this.#samples.at(-1)?.at ?? at) > at) this.#samples.length = 0;
    const last = this.#samples.at(-1);
    if (last && at - last.at < SAMPLE_MICROS) return;
    this.#samples.push({ at, done: progress.completed + progress.failed });
    // One sample from before the window stays, so that the samples span the window.
    while (this.#samples[1] && this.#samples[1].at <= at - WINDOW_MICROS) this.#samples.shift();
  }

  /** Measures up to now and not to the last report: the rate of a stalled job falls. */
  rate({ completed, failed, total }: JobProgress, now: Instant): ProgressRate {
    const first = this.#samples[0];
    if (!first || now <= first.at) return { ratePerSecond: null, remainingSeconds: null };
    const ratePerSecond = Number(completed + failed - first.done) / (Number(now - first.at) / 1e6);
    const left = total === null ? null : Number(total - completed - failed);
    return { ratePerSecond, remainingSeconds: left === null || ratePerSecond <= 0 ? null : left / ratePerSecond };
  }
}
