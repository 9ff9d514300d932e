import type { BilledQueries } from '../datasources/offline/billed-queries.js';
import type { Clock } from '../values/clock.js';
import type { OpenReservation, SpendingLedger } from './budget-guard.js';
import { Decimal } from './decimal.js';

export interface LostBillsOptions {
  readonly ledger: Pick<SpendingLedger, 'openWork' | 'settle'>;
  readonly queries: Pick<BilledQueries, 'find'>;
  readonly clock: Clock;
  /** Whether other processes reserve in the same ledger. */
  readonly isShared: boolean;
  /** A reservation stays as it is, and is looked at again. */
  readonly onError: (error: unknown) => void;
  /** How long to wait before the next look. */
  readonly lookEveryMs: number;
}

/** So many are settled at a look: each is a request or more. */
const MOST_PER_LOOK = 1000;

/**
 * Settles reservations whose process ended before it knew the bills of their queries. Without it, what was reserved
 * would count as spent for the rest of the day. A reservation has the ids of its queries before they start, so the
 * warehouse says what they were billed; one that the warehouse does not know was never started, and costs nothing.
 *
 * A gateway alone settles what it finds at its start: all of it is of earlier processes. Where several gateways share the
 * ledger, another one may be about to begin a query. So only work counts whose time to begin or to go on is over, or a
 * read whose query has ended. Two gateways that settle the same reservation settle it once, with the same bill.
 */
export class LostBills {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #left: readonly OpenReservation[] | undefined;
  #isStopped = false;

  constructor(private readonly options: LostBillsOptions) {}

  /** Call it before this process reserves anything. Resolves when the first look has begun; it goes on in the background. */
  async start(): Promise<void> {
    const { ledger, isShared } = this.options;
    // Later ones are of this process.
    if (!isShared) this.#left = await ledger.openWork(MOST_PER_LOOK);
    this.#look();
  }

  /** Resolves when the present look is over. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #look(): void {
    this.#running = this.#settleAll().finally(() => {
      const isDone = this.#left?.length === 0;
      if (this.#isStopped || isDone) return;
      this.#timer = setTimeout(() => this.#look(), this.options.lookEveryMs).unref();
    });
  }

  async #settleAll(): Promise<void> {
    const { ledger, onError } = this.options;
    try {
      const left: OpenReservation[] = [];
      for (const reservation of this.#left ?? (await ledger.openWork(MOST_PER_LOOK))) {
        if (this.#isStopped || !(await this.#settle(reservation))) left.push(reservation);
      }
      if (this.#left) this.#left = left;
    } catch (error) {
      onError(error);
    }
  }

  /** Returns false for a reservation that has to be looked at again. */
  async #settle({ id, work }: OpenReservation): Promise<boolean> {
    const { ledger, queries, clock, isShared } = this.options;
    try {
      const bills = await Promise.all(work.queries.map((query) => queries.find(query)));
      if (bills.some(({ state }) => state === 'RUNNING')) return false;
      const isOver = !isShared || clock() >= BigInt(work.endsBy);
      if (!isOver && (work.mayGoOn || bills.some(({ state }) => state === 'ABSENT'))) return false;
      let bytes = 0n;
      for (const bill of bills) {
        if (bill.state !== 'ENDED') continue;
        // An unknown bill keeps what is reserved.
        if (bill.billedBytes === null) return true;
        bytes += bill.billedBytes;
      }
      await ledger.settle(id, new Decimal(work.perByte).times(String(bytes)), bytes);
      return true;
    } catch (error) {
      this.options.onError(error);
      return false;
    }
  }
}
