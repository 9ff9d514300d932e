import { createHash } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import type { QueryReference } from '../../datasources/offline/query-payer.js';
import { transact } from '../../runtime/lmdb.js';
import {
  amountToReserve,
  type OpenReservation,
  type OpenWork,
  type Reservation,
  type ReserveResult,
  type Spending,
  type SpendingLedger,
} from '../budget-guard.js';
import { Decimal } from '../decimal.js';

interface StoredReservation {
  readonly day: string;
  readonly owner: string;
  readonly amount: string;
  readonly work?: OpenWork;
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
  /** By [day, owner]. Text, because a day of a large principal can pass 2^53. */
  readonly #billedBytes: Database<string, string[]>;

  constructor(environment: RootDatabase) {
    this.#environment = environment;
    this.#spent = environment.openDB({ name: 'spent' });
    this.#reservations = environment.openDB({ name: 'reservations' });
    this.#billedBytes = environment.openDB({ name: 'billed-bytes' });
  }

  async reserve(reservation: Reservation, budget: Decimal | null): Promise<ReserveResult> {
    const { id, day, principal, work } = reservation;
    const owner = ownerKey(principal);
    const result = await transact(this.#environment, (): ReserveResult => {
      const spent = this.#spentOn(day, owner);
      const amount = amountToReserve(reservation, budget, spent);
      if (!amount) return { isReserved: false, spent };
      void this.#spent.put([day, owner], spent.plus(amount).toFixed());
      void this.#reservations.put(id, { day, owner, amount: amount.toFixed(), ...(work ? { work } : {}) });
      this.#deleteExpired(day);
      return { isReserved: true, spent, amount };
    });
    await this.#environment.flushed;
    return result;
  }

  async settle(id: string, actual: Decimal, billedBytes = 0n): Promise<void> {
    await transact(this.#environment, () => {
      const reservation = this.#reservations.get(id);
      if (!reservation) return;
      const { day, owner, amount } = reservation;
      void this.#spent.put([day, owner], this.#spentOn(day, owner).minus(amount).plus(actual).toFixed());
      if (billedBytes > 0n) {
        void this.#billedBytes.put([day, owner], String(this.#billedBytesOn(day, owner) + billedBytes));
      }
      void this.#reservations.remove(id);
    });
    await this.#environment.flushed;
  }

  async note(id: string, query: QueryReference): Promise<void> {
    await transact(this.#environment, () => {
      const stored = this.#reservations.get(id);
      if (!stored?.work) return;
      const work = { ...stored.work, queries: [...stored.work.queries, query] };
      void this.#reservations.put(id, { ...stored, work });
    });
    await this.#environment.flushed;
  }

  async openWork(limit: number): Promise<readonly OpenReservation[]> {
    const open: OpenReservation[] = [];
    for (const { key, value } of this.#reservations.getRange()) {
      if (value.work) open.push({ id: key, work: value.work });
      if (open.length === limit) break;
    }
    return open;
  }

  async spent(day: string, principal: string): Promise<Spending> {
    const owner = ownerKey(principal);
    return { amount: this.#spentOn(day, owner), billedBytes: this.#billedBytesOn(day, owner) };
  }

  #billedBytesOn(day: string, owner: string): bigint {
    return BigInt(this.#billedBytes.get([day, owner]) ?? 0);
  }

  #spentOn(day: string, owner: string): Decimal {
    return new Decimal(this.#spent.get([day, owner]) ?? 0);
  }

  #deleteExpired(day: string): void {
    const oldest = new Date(Date.parse(day) - RETENTION_DAYS * MILLIS_PER_DAY).toISOString().slice(0, 10);
    for (const key of [...this.#spent.getKeys({ end: [oldest] })]) void this.#spent.remove(key);
    for (const key of [...this.#billedBytes.getKeys({ end: [oldest] })]) void this.#billedBytes.remove(key);
    for (const key of [...this.#reservations.getKeys({ end: oldest })]) void this.#reservations.remove(key);
  }
}

/** A principal is a name of any length from a token; an LMDB key is short. */
function ownerKey(principal: string): string {
  return createHash('sha256').update(principal).digest('base64url');
}
