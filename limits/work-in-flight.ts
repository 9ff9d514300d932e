import { AppError } from '../errors/app-error.js';
import { FairQueue } from '../runtime/fair-queue.js';
import { ENFORCE, type LimitPolicy, type MeasurableLimit } from './limit-mode.js';
import { PROCESS_LIMITS } from './process-limits.js';
import { pressureReason, type Pressure } from './process-pressure.js';

export type WorkLimits = Readonly<Record<keyof (typeof PROCESS_LIMITS)['work'], number>>;

export interface Work {
  /** Who asks. Requests of one owner wait behind each other, and not in front of another's. */
  readonly owner: string;
  /** The cost of the request (query-cost.ts). */
  readonly cost: number;
  /** Reads the history: it starts after reads of current values when the process has too much to do. */
  readonly isHistorical?: boolean | undefined;
  /** Is asked for a signal that ends the waiting, when the work has to wait. */
  readonly signalOf?: (() => AbortSignal | undefined) | undefined;
}

interface Waiting {
  readonly cost: number;
  readonly start: () => void;
}

/**
 * Bounds the work of all requests that run in this process, in points of cost. Small requests start at once: they
 * take milliseconds. Large ones share `maxCost`, and wait in a queue that serves the owners in turn. A queue that is full,
 * or too slow, refuses with OVERLOADED and the seconds after which to try again.
 */
export class WorkInFlight {
  readonly #queue = new FairQueue<Waiting>();
  #cost = 0;
  #small = 0;
  #unreadBytes = 0;

  constructor(
    private readonly limits: WorkLimits = PROCESS_LIMITS.work,
    private readonly policy: LimitPolicy = ENFORCE,
    /** How late the event loop is, and how full the heap. Absent: neither refuses a request. */
    private readonly pressure?: () => Pressure,
  ) {}

  /** The points that run now. */
  get cost(): number {
    return this.#cost;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Resolves when the work may start, with the function to call at its end. */
  async enter({ owner, cost, isHistorical = false, signalOf }: Work): Promise<() => void> {
    const isSmall = cost <= this.limits.smallCost;
    const reason =
      this.pressure && pressureReason(this.pressure(), !isSmall ? 'large' : isHistorical ? 'historical' : 'current');
    if (reason && this.#isRefused(reason)) throw overloaded(1);
    if (isSmall) return this.#enterSmall();
    // A request that is larger than everything that may run at once runs alone.
    const share = Math.min(cost, this.limits.maxCost);
    if (this.#queue.size === 0 && this.#fits(share)) return this.#start(share);
    if (this.policy.mode === 'measure' && !this.#isRefused('work_in_flight')) return this.#start(share);
    return this.#wait(owner, share, signalOf?.());
  }

  /** Counts an answer until its client has read it. Refuses it when all unread answers together are too large. */
  holdAnswer(bytes: number): () => void {
    // One answer is always allowed: its own limit bounds it.
    if (this.#unreadBytes > 0 && this.#unreadBytes + bytes > this.limits.maxUnreadBytes) throw overloaded(1);
    this.#unreadBytes += bytes;
    return once(() => {
      this.#unreadBytes -= bytes;
    });
  }

  #enterSmall(): () => void {
    if (this.#small >= this.limits.maxSmall && this.#isRefused('work_in_flight')) throw overloaded(1);
    this.#small += 1;
    return once(() => {
      this.#small -= 1;
    });
  }

  /** A limit was reached. Returns whether it refuses the request. */
  #isRefused(limit: MeasurableLimit): boolean {
    const isEnforced = this.policy.mode === 'enforce';
    this.policy.report(limit, isEnforced);
    return isEnforced;
  }

  #fits(cost: number): boolean {
    return this.#cost + cost <= this.limits.maxCost;
  }

  #start(cost: number): () => void {
    this.#cost += cost;
    return once(() => {
      this.#cost -= cost;
      this.#startWaiting();
    });
  }

  #startWaiting(): void {
    for (let next = this.#queue.peek(); next && this.#fits(next.cost); next = this.#queue.peek()) {
      this.#queue.shift();
      next.start();
    }
  }

  #wait(owner: string, cost: number, signal: AbortSignal | undefined): Promise<() => void> {
    const { maxWaiting, maxWaitingOfOwner, maxWaitMs } = this.limits;
    if (this.#queue.size >= maxWaiting || this.#queue.sizeOf(owner) >= maxWaitingOfOwner) {
      this.policy.report('work_in_flight', true);
      throw overloaded(Math.ceil(maxWaitMs / 1000));
    }
    return new Promise((resolve, reject) => {
      const leave = (reason: Error): void => {
        if (!this.#queue.remove(owner, waiting)) return;
        stopWaiting();
        reject(reason);
        // The one behind may fit where this one did not.
        this.#startWaiting();
      };
      const timer = setTimeout(() => {
        this.policy.report('work_in_flight', true);
        leave(overloaded(Math.ceil(maxWaitMs / 1000)));
      }, maxWaitMs);
      const onAbort = (): void => leave(signal?.reason as Error);
      const stopWaiting = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiting: Waiting = {
        cost,
        start: () => {
          stopWaiting();
          resolve(this.#start(cost));
        },
      };
      this.#queue.push(owner, waiting);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  }
}

function overloaded(retryAfterSeconds: number): AppError {
  return new AppError(
    'OVERLOADED',
    `The gateway has as much work as it may have. Try again in ${retryAfterSeconds} s, or ask for fewer values.`,
    { retryAfterSeconds },
  );
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    run();
  };
}
