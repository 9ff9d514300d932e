import { createHash } from 'node:crypto';
import { callStore } from '../../datasources/google/bigtable/open-rows.js';
import type { QueryReference } from '../../datasources/offline/query-payer.js';
import type { Columns, VersionedRows } from '../../datasources/google/bigtable/versioned-rows.js';
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

/** Stored days, for work that ends long after its admission. */
const RETENTION_DAYS = 60;
const MILLIS_PER_DAY = 86_400_000;

const SPENT = 'spent';
const BILLED_BYTES = 'billed-bytes';
const ROW = 'row';
const WORK = 'work';
const POINTERS = 'reservation/';
/** Most reservations are of jobs, which have no open work: so many are read at once. */
const POINTERS_PER_READ = 1000;

/**
 * Spending in Bigtable, for all gateways: a row for each day and principal (`spent/DAY/PRINCIPAL`), which has the sum and
 * a column for each reservation in it. So the check of a budget, the sum and the reservation are one conditional write.
 * `reservation/ID` names the row of a reservation.
 */
export class BigtableSpendingLedger implements SpendingLedger {
  readonly #rows: VersionedRows;
  #expiredOn: string | undefined;

  constructor(rows: VersionedRows) {
    this.#rows = rows;
  }

  async reserve(reservation: Reservation, budget: Decimal | null): Promise<ReserveResult> {
    const { id, day, principal, work } = reservation;
    return call(async () => {
      await this.#deleteExpired(day);
      const key = toRowKey(day, principal);
      // Before the reservation: one that no row names could not be settled.
      await this.#rows.put(toPointerKey(id), { [ROW]: key, ...(work ? { [WORK]: JSON.stringify(work) } : {}) });
      const result = await this.#rows.change<ReserveResult>(key, (columns) => {
        const spent = readSpent(columns);
        const amount = amountToReserve(reservation, budget, spent);
        if (!amount) return { result: { isReserved: false, spent } };
        const set = { [SPENT]: spent.plus(amount).toFixed(), [toColumn(id)]: amount.toFixed() };
        return { set, result: { isReserved: true, spent, amount } };
      });
      if (!result.isReserved) await this.#rows.remove(toPointerKey(id));
      return result;
    });
  }

  async settle(id: string, actual: Decimal, billedBytes = 0n): Promise<void> {
    await call(async () => {
      const key = (await this.#rows.read(toPointerKey(id))).get(ROW);
      if (key === undefined) return;
      await this.#rows.change(key, (columns) => {
        const reserved = columns.get(toColumn(id));
        if (reserved === undefined) return { result: undefined };
        const spent = readSpent(columns).minus(reserved).plus(actual);
        const set = {
          [SPENT]: spent.toFixed(),
          [toColumn(id)]: null,
          ...(billedBytes > 0n ? { [BILLED_BYTES]: String(readBilledBytes(columns) + billedBytes) } : {}),
        };
        return { set, result: undefined };
      });
      await this.#rows.remove(toPointerKey(id));
    });
  }

  async note(id: string, query: QueryReference): Promise<void> {
    await call(() =>
      this.#rows.change(toPointerKey(id), (columns) => {
        const stored = columns.get(WORK);
        if (stored === undefined) return { result: undefined };
        const work = JSON.parse(stored) as OpenWork;
        const noted: OpenWork = { ...work, queries: [...work.queries, query] };
        return { set: { [WORK]: JSON.stringify(noted) }, result: undefined };
      }),
    );
  }

  async openWork(limit: number): Promise<readonly OpenReservation[]> {
    return call(async () => {
      const open: OpenReservation[] = [];
      let after: string | undefined;
      for (;;) {
        const rows = await this.#rows.scan({ prefix: POINTERS, ...(after ? { after } : {}), limit: POINTERS_PER_READ });
        for (const [key, columns] of rows) {
          const work = columns.get(WORK);
          if (work !== undefined) open.push({ id: key.slice(POINTERS.length), work: JSON.parse(work) as OpenWork });
          if (open.length === limit) return open;
        }
        if (rows.length < POINTERS_PER_READ) return open;
        after = rows.at(-1)![0];
      }
    });
  }

  async spent(day: string, principal: string): Promise<Spending> {
    const columns = await call(() => this.#rows.read(toRowKey(day, principal)));
    return { amount: readSpent(columns), billedBytes: readBilledBytes(columns) };
  }

  /** Once a day and gateway. */
  async #deleteExpired(day: string): Promise<void> {
    if (this.#expiredOn === day) return;
    this.#expiredOn = day;
    const oldest = new Date(Date.parse(day) - RETENTION_DAYS * MILLIS_PER_DAY).toISOString().slice(0, 10);
    for (const prefix of ['spent/', 'reservation/']) {
      for (const [key] of await this.#rows.scan({ prefix, before: `${prefix}${oldest}` })) await this.#rows.remove(key);
    }
  }
}

function readSpent(columns: Columns): Decimal {
  return new Decimal(columns.get(SPENT) ?? 0);
}

function readBilledBytes(columns: Columns): bigint {
  return BigInt(columns.get(BILLED_BYTES) ?? 0);
}

/** A principal is a name of any length from a token; a key of a row is short. */
function toRowKey(day: string, principal: string): string {
  return `spent/${day}/${createHash('sha256').update(principal).digest('base64url')}`;
}

/** Ids begin with the day, so old ones are one range. */
function toPointerKey(id: string): string {
  return `${POINTERS}${id}`;
}

function toColumn(id: string): string {
  return `reserved=${id}`;
}

function call<Result>(run: () => Promise<Result>): Promise<Result> {
  return callStore('The store of budgets', run);
}
