import { createHash } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import { transact } from '../../runtime/lmdb.js';
import type { Reservation, ReserveResult, SpendingLedger } from '../budget-guard.js';
import { compareMoney, Decimal } from '../decimal.js';

interface StoredReservation {
  readonly day: string;
  readonly owner: string;
  readonly amount: string;
}

/** Stored days, for work that ends long after its admission. */
const RETENTION_DAYS = 60;
const MILLIS_PER_DAY = 86_400_000;

/**
 * Spending in LMDB. An LMDB environment has one write transaction at a time, within this process and between processes.
 * So no other write can come between the check of a budget and its reservation.
 */
export class LmdbSpendingLedger implements SpendingLedger {
  readonly #environment: RootDatabase;
  /** By [day, owner]. Decimals are text, because a float would lose cents over a day of small sums. */
  readonly #spent: Database<string, string[]>;
  readonly #reservations: Database<StoredReservation, string>;

  constructor(environment: RootDatabase) {
    this.#environment = environment;
    this.#spent = environment.openDB({ name: 'spent' });
    this.#reservations = environment.openDB({ name: 'reservations' });
  }

  async reserve({ id, day, principal, amount }: Reservation, budget: Decimal | null): Promise<ReserveResult> {
    const owner = ownerKey(principal);
    const result = await transact(this.#environment, () => {
      const spent = this.#spentOn(day, owner);
      const total = spent.plus(amount);
      if (budget && compareMoney(total, budget) > 0) return { isReserved: false, spent };
      void this.#spent.put([day, owner], total.toFixed());
      void this.#reservations.put(id, { day, owner, amount: amount.toFixed() });
      this.#deleteExpired(day);
      return { isReserved: true, spent };
    });
    await this.#environment.flushed;
    return result;
  }

  async settle(id: string, actual: Decimal): Promise<void> {
    await transact(this.#environment, () => {
      const reservation = this.#reservations.get(id);
      if (!reservation) return;
      const { day, owner, amount } = reservation;
      void this.#spent.put([day, owner], this.#spentOn(day, owner).minus(amount).plus(actual).toFixed());
      void this.#reservations.remove(id);
    });
    await this.#environment.flushed;
  }

  async spent(day: string, principal: string): Promise<Decimal> {
    return this.#spentOn(day, ownerKey(principal));
  }

  #spentOn(day: string, owner: string): Decimal {
    return new Decimal(this.#spent.get([day, owner]) ?? 0);
  }

  #deleteExpired(day: string): void {
    const oldest = new Date(Date.parse(day) - RETENTION_DAYS * MILLIS_PER_DAY).toISOString().slice(0, 10);
    for (const key of [...this.#spent.getKeys({ end: [oldest] })]) void this.#spent.remove(key);
    for (const key of [...this.#reservations.getKeys({ end: oldest })]) void this.#reservations.remove(key);
  }
}

/** A principal is a name of any length from a token; an LMDB key is short. */
function ownerKey(principal: string): string {
  return createHash('sha256').update(principal).digest('base64url');
}
