import { badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import type { LabelInterval } from '../training-sets/generated-labels.js';
import { LATEST_INSTANT, MICROS_PER_SECOND, type Instant } from '../values/instant.js';

const { maxBacktestWindows, maxBacktestDistances, maxBacktestWindowDays } = REQUEST_LIMITS;
const SECONDS: Readonly<Record<LabelInterval['unit'], bigint>> = { SECOND: 1n, DAY: 86_400n, WEEK: 604_800n };
const DAY = 86_400n * MICROS_PER_SECOND;

export interface Window {
  readonly number: number;
  readonly from: Instant;
  /** Exclusive. */
  readonly before: Instant;
}

/** Windows of equal length, without gaps, from the begin of the day of the first moment, in UTC. */
export class Windows {
  private constructor(
    readonly start: Instant,
    readonly length: bigint,
    private readonly count: number,
  ) {}

  /** The windows from the first moment to the last, for a model with some inputs. */
  static of(first: Instant, last: Instant, interval: LabelInterval, inputs: number): Windows {
    const start = first - (((first % DAY) + DAY) % DAY);
    const length = lengthOf(interval);
    const windows = (last - start) / length + 1n;
    if (windows > BigInt(maxBacktestWindows)) {
      throw badInput(
        `The moments are in ${windows} windows, and a backtest has at most ${maxBacktestWindows}. Choose a longer window.`,
        'window',
      );
    }
    if (windows * BigInt(inputs) > BigInt(maxBacktestDistances)) {
      throw badInput(
        `The moments are in ${windows} windows, and the model has ${inputs} inputs: together they have at most ${formatLimit(maxBacktestDistances)} distances. Choose a longer window.`,
        'window',
      );
    }
    return new Windows(start, length, Number(windows));
  }

  all(): Window[] {
    return Array.from({ length: this.count }, (_, number) => {
      const from = this.start + this.length * BigInt(number);
      const end = from + this.length;
      // The end of the last window could be later than the latest time that can be written.
      return { number, from, before: end < LATEST_INSTANT ? end : LATEST_INSTANT };
    });
  }
}

/** Refuses a length of windows. */
export function checkWindow(window: LabelInterval): void {
  if (window.count < 1) throw badInput('The length of a window is at least 1.', 'window');
  if (lengthOf(window) <= BigInt(maxBacktestWindowDays) * DAY) return;
  throw badInput(`A window has at most ${formatLimit(maxBacktestWindowDays)} days.`, 'window');
}

function lengthOf({ unit, count }: LabelInterval): bigint {
  return SECONDS[unit] * BigInt(count) * MICROS_PER_SECOND;
}
