import { AppError } from '../errors/app-error.js';
import { FairQueue } from '../runtime/fair-queue.js';
import { turns } from '../runtime/turns.js';
import { PROCESS_LIMITS } from './process-limits.js';

export type BodyLimits = { readonly [Name in keyof (typeof PROCESS_LIMITS)['bodies']]: number };

/** A body that arrives. */
export interface ArrivingBody {
  /** Counts bytes that arrived. Refuses them with OVERLOADED when all bodies together, or those of its owner, have too many. */
  take(bytes: number): void;
  /** Resolves when the body may be parsed. undefined: it is small, and may be parsed at once. */
  turn(): Promise<void> | undefined;
  /** The body is parsed or given up. */
  close(): void;
}

/**
 * The bodies of requests that are not parsed yet. A large body takes milliseconds: its JSON, its variables and its cost are
 * looked at before any limit of the work can refuse it, and those of ten connections arrive together. So one large body is
 * parsed in a turn of the event loop, and owners are served one after the other: a small request waits for one of them at
 * most. Bodies that wait are in memory, so their bytes are bounded.
 */
export class ArrivingBodies {
  readonly #waiting = new FairQueue<() => void>();
  readonly #bytesOf = new Map<string, number>();
  #bytes = 0;
  #isServing = false;

  constructor(
    private readonly limits: BodyLimits = PROCESS_LIMITS.bodies,
    private readonly nextTurn: () => Promise<void> = () => turns.next(),
  ) {}

  /** The bytes of all bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  open(owner: string): ArrivingBody {
    let size = 0;
    return {
      take: (bytes) => {
        const ofOwner = this.#bytesOf.get(owner) ?? 0;
        const { maxBytes, maxBytesOfOwner } = this.limits;
        if (this.#bytes + bytes > maxBytes || ofOwner + bytes > maxBytesOfOwner) throw tooManyBytes();
        size += bytes;
        this.#bytes += bytes;
        this.#bytesOf.set(owner, ofOwner + bytes);
      },
      turn: () => (size < this.limits.largeBytes ? undefined : this.#wait(owner)),
      close: () => {
        this.#bytes -= size;
        const left = (this.#bytesOf.get(owner) ?? 0) - size;
        if (left > 0) this.#bytesOf.set(owner, left);
        else this.#bytesOf.delete(owner);
        size = 0;
      },
    };
  }

  #wait(owner: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(owner, resolve);
      if (!this.#isServing) void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    while (this.#waiting.size > 0) {
      await this.nextTurn();
      this.#waiting.shift()?.();
    }
    this.#isServing = false;
  }
}

function tooManyBytes(): AppError {
  const sentence = 'The gateway has as many large requests as it may have. Try again in 1 s, or send fewer at a time.';
  return new AppError('OVERLOADED', sentence, { retryAfterSeconds: 1 });
}
