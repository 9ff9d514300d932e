import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../values/clock.js';
import type { Instant } from '../../../values/instant.js';
import type { BegunFill, FillStateRow } from './fill-state-row.js';

export interface LeaseTerms {
  readonly clock: Clock;
  /** The unique name of this fill. */
  readonly filling: string;
  /** How long others wait for a filler that does not renew its lease, in milliseconds. */
  readonly leaseMs: number;
}

/** Another process has taken over the fill, or may have: this process did not renew its lease in time. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * The right to fill an entity type. The process renews the lease while it lives; the lease expires by itself after the
 * process dies. The clocks of the machines decide the expiry, so they must agree to within some seconds.
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

  /** null when another process fills the entity type and renewed its lease lately. */
  static async acquire(row: FillStateRow, terms: LeaseTerms): Promise<FillLease | null> {
    const now = terms.clock();
    const until = now + micros(terms.leaseMs);
    return (await row.acquire(terms.filling, now, until)) ? new FillLease(row, terms, until) : null;
  }

  /** Resolves when the other fill has ended or its lease has expired. */
  static async waitUntilFree(row: FillStateRow, { clock, leaseMs }: LeaseTerms): Promise<void> {
    for (let { until } = await row.read(); until !== null && until > clock(); { until } = await row.read()) {
      await pause(leaseMs / 60);
    }
  }

  /**
   * Throws LeaseLost when another process may have taken over, or may do so before a call made now returns: a call has
   * less time than the last sixth of the lease.
   */
  readonly assertHeld = (): void => {
    if (this.#terms.clock() >= this.#until - micros(this.#terms.leaseMs / 6)) throw new LeaseLost();
  };

  /** Marks the store as not filled, and notes what begins. */
  async begin(begun: BegunFill): Promise<void> {
    if (!(await this.#row.begin(this.#terms.filling, begun))) throw new LeaseLost();
  }

  /** Marks the store as filled: this process alone wrote everything. */
  async finish(contents: string): Promise<void> {
    if (!(await this.#row.finish(this.#terms.filling, contents))) throw new LeaseLost();
  }

  /**
   * Releases the lease, so that the next process need not wait. If this call fails, the next process waits until the
   * lease expires.
   */
  async release(): Promise<void> {
    this.#ended.abort();
    await this.#row.release(this.#terms.filling).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const { filling, clock, leaseMs } = this.#terms;
    const options = { signal: this.#ended.signal, ref: false };
    while (await pause(leaseMs / 6, true, options).catch(() => false)) {
      const until = clock() + micros(leaseMs);
      // The next turn repeats a call that fails. When all calls fail, the lease expires.
      const isHeld = await this.#row.renew(filling, until).catch(() => undefined);
      if (isHeld === true) this.#until = until;
      if (isHeld === false) this.#until = 0n;
    }
  }
}

function micros(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000));
}
