import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../values/clock.js';
import type { Instant } from '../../../values/instant.js';
import type { FillStateRow } from './fill-state-row.js';

export interface LeaseTerms {
  readonly clock: Clock;
  /** The name of this filling and of no other. */
  readonly filling: string;
  /** For how long a filler that is not heard of is waited for, in milliseconds. */
  readonly leaseMs: number;
}

/** Another has taken over, or may have: this process was not heard of for too long. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * The right to fill an entity type. Renewed while the process lives, and over by itself when it died. The end is told by the
 * machines' clocks, which have to agree to some seconds.
 */
export class FillLease {
  readonly #row: FillStateRow;
  readonly #terms: LeaseTerms;
  readonly #ended = new AbortController();
  #until: Instant;

  private constructor(row: FillStateRow, terms: LeaseTerms, until: Instant) {
    this.#row = row;
    this.#terms = terms;
    this.#until = until;
    void this.#renew();
  }

  /** null when another fills, and was heard of lately. */
  static async acquire(row: FillStateRow, terms: LeaseTerms): Promise<FillLease | null> {
    const now = terms.clock();
    const until = now + micros(terms.leaseMs);
    return (await row.acquire(terms.filling, now, until)) ? new FillLease(row, terms, until) : null;
  }

  /** Resolves when whoever fills is done, or was not heard of for too long. */
  static async waitUntilFree(row: FillStateRow, { clock, leaseMs }: LeaseTerms): Promise<void> {
    for (let { until } = await row.read(); until !== null && until > clock(); { until } = await row.read()) {
      await pause(leaseMs / 60);
    }
  }

  /**
   * Throws LeaseLost when another may have taken over, or may before a call that is made now has its answer: a call has
   * less time than the last sixth of the lease.
   */
  readonly assertHeld = (): void => {
    if (this.#terms.clock() >= this.#until - micros(this.#terms.leaseMs / 6)) throw new LeaseLost();
  };

  /** From now on the store is not filled. */
  async begin(): Promise<void> {
    if (!(await this.#row.begin(this.#terms.filling))) throw new LeaseLost();
  }

  /** All is written, and it was by this process alone. */
  async finish(contents: string): Promise<void> {
    if (!(await this.#row.finish(this.#terms.filling, contents))) throw new LeaseLost();
  }

  /** Whoever comes next need not wait. If that cannot be said now, they wait until the lease is over. */
  async release(): Promise<void> {
    this.#ended.abort();
    await this.#row.release(this.#terms.filling).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const { filling, clock, leaseMs } = this.#terms;
    const options = { signal: this.#ended.signal, ref: false };
    while (await pause(leaseMs / 6, true, options).catch(() => false)) {
      const until = clock() + micros(leaseMs);
      // A call that fails is made again at the next turn; when all fail, the lease is over.
      const isHeld = await this.#row.renew(filling, until).catch(() => undefined);
      if (isHeld === true) this.#until = until;
      if (isHeld === false) this.#until = 0n;
    }
  }
}

function micros(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000));
}
