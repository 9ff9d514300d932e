import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { PROCESS_LIMITS } from './process-limits.js';

/** How late the event loop is, and how full the heap. */
export interface Pressure {
  /**
   * Milliseconds, the smaller mean of the last two measurements. One long task, such as the load of a model, makes one
   * of them large; an overload makes both.
   */
  readonly loopDelayMs: number;
  /** The used share of the heap that this process may have, 0 to 1. */
  readonly heapShare: number;
}

/** What refuses a request when the process has too much to do. */
export type PressureReason = 'event_loop' | 'heap';

/** A large request; or a small one, of the history or of current values. */
export type RequestKind = 'large' | 'historical' | 'current';

export type PressureLimits = { readonly [Name in keyof (typeof PROCESS_LIMITS)['pressure']]: number };

const RESOLUTION_MS = 10;

/** Measures the event loop and the heap of this process, a few times a second. */
export class ProcessPressure {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #everyMs = 0;
  #measuredAt = 0;
  #previousDelayMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #now: Pressure = { loopDelayMs: 0, heapShare: 0 };

  get now(): Pressure {
    return this.#now;
  }

  start(everyMs: number = PROCESS_LIMITS.pressure.measureEveryMs): this {
    this.#delay.enable();
    this.#everyMs = everyMs;
    this.#measuredAt = performance.now();
    this.#timer = setInterval(() => this.#measure(), everyMs).unref();
    return this;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #measure(): void {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const now = performance.now();
    // The histogram counts from one look to the next, so an idle loop has the resolution as its delay. A loop that was held all
    // the time has no look, but this measure is late.
    const delayMs =
      this.#delay.count > 0 ? this.#delay.mean / 1e6 - RESOLUTION_MS : now - this.#measuredAt - this.#everyMs;
    this.#measuredAt = now;
    this.#now = { loopDelayMs: Math.max(0, Math.min(delayMs, this.#previousDelayMs)), heapShare: used / limit };
    this.#previousDelayMs = delayMs;
    this.#delay.reset();
  }
}

/**
 * Why a request may not start now. Small reads of current values have priority: large requests and historical reads are
 * refused before them, and what they leave is enough for the small ones.
 */
export function pressureReason(
  { loopDelayMs, heapShare }: Pressure,
  kind: RequestKind,
  limits: PressureLimits = PROCESS_LIMITS.pressure,
): PressureReason | null {
  const maxDelayMs = {
    large: limits.maxLoopDelayOfLargeMs,
    historical: limits.maxLoopDelayOfHistoricalMs,
    current: limits.maxLoopDelayMs,
  }[kind];
  if (loopDelayMs > maxDelayMs) return 'event_loop';
  if (heapShare > (kind === 'current' ? limits.maxHeapShare : limits.maxHeapShareOfOthers)) return 'heap';
  return null;
}
