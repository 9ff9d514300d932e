import { createHash } from 'node:crypto';
import { callStore } from '../../datasources/google/bigtable/open-rows.js';
import type { Columns, VersionedRows } from '../../datasources/google/bigtable/versioned-rows.js';
import type { Reservation, ReserveResult, SpendingLedger } from '../budget-guard.js';
import { compareMoney, Decimal } from '../decimal.js';

/** Stored days, for work that ends long after its admission. */
const RETENTION_DAYS = 60;
const MILLIS_PER_DAY = 86_400_000;

const SPENT = 'spent';
const ROW = 'row';

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

  async reserve({ id, day, principal, amount }: Reservation, budget: Decimal | null): Promise<ReserveResult> {
    return call(async () => {
      await this.#deleteExpired(day);
      const key = toRowKey(day, principal);
      // Before the reservation: one that no row names could not be settled.
      await this.#rows.put(toPointerKey(id), { [ROW]: key });
      const result = await this.#rows.change(key, (columns) => {
        const spent = readSpent(columns);
        const total = spent.plus(amount);
        if (budget && compareMoney(total, budget) > 0) return { result: { isReserved: false, spent } };
        const set = { [SPENT]: total.toFixed(), [toColumn(id)]: amount.toFixed() };
        return { set, result: { isReserved: true, spent } };
      });
      if (!result.isReserved) await this.#rows.remove(toPointerKey(id));
      return result;
    });
  }

  async settle(id: string, actual: Decimal): Promise<void> {
    await call(async () => {
      const key = (await this.#rows.read(toPointerKey(id))).get(ROW);
      if (key === undefined) return;
      await this.#rows.change(key, (columns) => {
        const reserved = columns.get(toColumn(id));
        if (reserved === undefined) return { result: undefined };
        const spent = readSpent(columns).minus(reserved).plus(actual);
        return { set: { [SPENT]: spent.toFixed(), [toColumn(id)]: null }, result: undefined };
      });
      await this.#rows.remove(toPointerKey(id));
    });
  }

  async spent(day: string, principal: string): Promise<Decimal> {
    return call(async () => readSpent(await this.#rows.read(toRowKey(day, principal))));
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

/** A principal is a name of any length from a token; a key of a row is short. */
function toRowKey(day: string, principal: string): string {
  return `spent/${day}/${createHash('sha256').update(principal).digest('base64url')}`;
}

/** Ids begin with the day, so old ones are one range. */
function toPointerKey(id: string): string {
  return `reservation/${id}`;
}

function toColumn(id: string): string {
  return `reserved=${id}`;
}

function call<Result>(run: () => Promise<Result>): Promise<Result> {
  return callStore('The store of budgets', run);
}
