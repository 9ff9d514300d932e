import { AppError, badInput } from '../errors/app-error.js';
import type { QueryReference } from '../datasources/offline/query-payer.js';
import type { Clock } from '../values/clock.js';
import { formatInstant } from '../values/instant.js';
import { compareMoney, Decimal, formatMoney, roundMoney, ZERO } from './decimal.js';
import type { CostEstimate } from './cost-estimate.js';
import { priceBookId } from './price-book.js';

/** The spending of each principal on each day. A resolved change is durable: a restart does not reset a budget. */
export interface SpendingLedger {
  /**
   * Adds an amount to the spending unless the sum would exceed the budget (null: no budget). The check and the addition
   * are one atomic step, also between processes: if two requests compete for the rest of a budget, one is refused.
   */
  reserve(reservation: Reservation, budget: Decimal | null): Promise<ReserveResult>;
  /**
   * Replaces the reserved amount by the actual cost, and adds the bytes that a warehouse billed. The first call counts;
   * later calls change nothing.
   */
  settle(id: string, actual: Decimal, billedBytes?: bigint): Promise<void>;
  /** Adds a query to the open work of a reservation. It changes nothing if the reservation is settled. */
  note(id: string, query: QueryReference): Promise<void>;
  /** At most `limit` reservations with open work, whose process may have ended. */
  openWork(limit: number): Promise<readonly OpenReservation[]>;
  /** What a principal has spent on a day, with what is reserved. */
  spent(day: string, principal: string): Promise<Spending>;
}

export interface Spending {
  readonly amount: Decimal;
  /** By queries of warehouses, without those that run. */
  readonly billedBytes: bigint;
}

/** What a principal may spend on a day, and what it has spent. */
export interface BudgetUsage {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  /** null: no budget limits it. */
  readonly budget: Decimal | null;
  /** With the estimates of work that runs. */
  readonly spent: Decimal;
  /** The bytes that warehouses billed on that day. */
  readonly billedBytes: bigint;
}

export interface Reservation {
  /** Begins with the day, so that old entries can be deleted. */
  readonly id: string;
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly principal: string;
  readonly amount: Decimal;
  /** Reserves this share of what is left of the budget if that is more than the amount. */
  readonly shareOfRest?: number;
  /** Absent: the record of a job has what its queries are. */
  readonly work?: OpenWork;
}

/** Work that is charged by the bills of its queries, and that no record of a job has: a crash would lose it. */
export interface OpenWork {
  /** Dollars for a byte, in decimal digits. */
  readonly perByte: string;
  /**
   * In microseconds, in decimal digits: from then on, work of a process that runs has ended. Before, another gateway may
   * be about to begin the next query of the work.
   */
  readonly endsBy: string;
  /** Whether queries may follow those that are noted. */
  readonly mayGoOn: boolean;
  readonly queries: readonly QueryReference[];
}

export interface OpenReservation {
  readonly id: string;
  readonly work: OpenWork;
}

/** `spent` is the spending on that day before this request, and `amount` is what was reserved. */
export type ReserveResult =
  | { readonly isReserved: false; readonly spent: Decimal }
  | { readonly isReserved: true; readonly spent: Decimal; readonly amount: Decimal };

/** More digits than money has; the share of a sum would have ever more of them. */
const SHARE_DIGITS = 15;

/** What a ledger reserves for a request; undefined if the budget has no room for it. */
export function amountToReserve(
  { amount, shareOfRest }: Reservation,
  budget: Decimal | null,
  spent: Decimal,
): Decimal | undefined {
  if (budget === null) return amount;
  const rest = budget.minus(spent);
  if (compareMoney(amount, rest) > 0) return undefined;
  return Decimal.max(amount, rest.times(shareOfRest ?? 0).toDecimalPlaces(SHARE_DIGITS, Decimal.ROUND_DOWN));
}

export interface CostGuardOptions {
  readonly ledger: SpendingLedger;
  /**
   * Dollars per UTC day by principal; `*` applies to all principals that are not listed. Without an entry and without
   * `*`, there is no limit.
   */
  readonly dailyBudgets: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface AdmissionRequest {
  /** null: requests are not authenticated; all of them share the budget of "anonymous". */
  readonly principal: string | null;
  readonly estimate: CostEstimate;
  /** The limit of the request itself; null: the rest of the budget. */
  readonly maxCostUsd: number | null | undefined;
  /** Absent: the record of a job has what its queries are. */
  readonly work?: OpenWork;
}

/** The admission of a query. */
export interface QueryAdmission {
  readonly id: string;
  /** What is reserved for the query, and is the most that it may cost. null: no budget limits it. */
  readonly most: Decimal | null;
  /** The error for a query that would cost more than that. */
  readonly refusal: (cause: unknown) => AppError;
}

const ANONYMOUS = 'anonymous';

/**
 * Guards all work that costs money. It refuses work whose estimate exceeds the request's own limit or the rest of the
 * principal's budget for the day, and reserves the estimate in the budget until the actual cost is known.
 */
export class CostGuard {
  readonly #options: CostGuardOptions;

  constructor(options: CostGuardOptions) {
    this.#options = options;
  }

  /**
   * Admits the work or throws COST_OVER_LIMIT with the estimate. Returns the id of the admission: store it with the
   * work, and settle it once when the work has ended or did not start.
   */
  async admit({ principal, estimate, maxCostUsd, work }: AdmissionRequest): Promise<string> {
    if (typeof maxCostUsd === 'number') checkMaximum(estimate, maxCostUsd);
    const { isReserved, id, day, budget, spent } = await this.#reserve(principal, estimate.total, { work });
    if (isReserved) return id;
    throw new AppError(
      'COST_OVER_LIMIT',
      `The estimate is ${formatMoney(estimate.total)}; of the budget of ${formatMoney(budget ?? ZERO)} for ${day} (UTC) ` +
        `${formatMoney(spent)} is spent or in use. Ask for less, or try again the next day.`,
      { budgetUsd: budget?.toNumber(), spentUsd: roundMoney(spent).toNumber(), estimate: describe(estimate) },
    );
  }

  /**
   * Admits a query that costs at least an amount, and reserves that amount or, if it is more, a share of the rest of the
   * budget. Throws COST_OVER_LIMIT if the rest is less. What all queries may cost together is never more than the budget.
   */
  async admitQuery(
    principal: string | null,
    least: Decimal,
    { work, shareOfRest = 0 }: { readonly work: OpenWork; readonly shareOfRest?: number },
  ): Promise<QueryAdmission> {
    const reserved = await this.#reserve(principal, least, { shareOfRest, work });
    const { isReserved, id, day, budget, spent, amount } = reserved;
    if (!isReserved) throw overBudget({ day, budget, spent });
    const most = budget === null ? null : amount;
    return { id, most, refusal: (cause) => overBudget({ day, budget, spent }, cause) };
  }

  /** Notes a query of admitted work before it starts. */
  async note(admission: string, query: QueryReference): Promise<void> {
    await this.#options.ledger.note(admission, query);
  }

  hasBudget(principal: string | null): boolean {
    return this.#budgetOf(principal ?? ANONYMOUS) !== null;
  }

  /** The budget of a principal for today, and what is spent of it. null: all clients that are not authenticated. */
  async usage(principal: string | null): Promise<BudgetUsage> {
    const { ledger, clock } = this.#options;
    const day = formatInstant(clock()).slice(0, 10);
    const owner = principal ?? ANONYMOUS;
    const { amount: spent, billedBytes } = await ledger.spent(day, owner);
    return { day, budget: this.#budgetOf(owner), spent, billedBytes };
  }

  async #reserve(
    principal: string | null,
    amount: Decimal,
    { shareOfRest = 0, work }: { readonly shareOfRest?: number | undefined; readonly work?: OpenWork | undefined } = {},
  ): Promise<ReserveResult & Reservation & Pick<BudgetUsage, 'budget'>> {
    const { ledger, clock, newId } = this.#options;
    const day = formatInstant(clock()).slice(0, 10);
    const owner = principal ?? ANONYMOUS;
    const budget = this.#budgetOf(owner);
    const id = `${day}/${newId()}`;
    const reservation = { id, day, principal: owner, amount, shareOfRest, ...(work ? { work } : {}) };
    return { ...reservation, budget, ...(await ledger.reserve(reservation, budget)) };
  }

  #budgetOf(owner: string): Decimal | null {
    const { dailyBudgets } = this.#options;
    const dollars = dailyBudgets.get(owner) ?? dailyBudgets.get('*');
    return dollars === undefined ? null : new Decimal(dollars);
  }

  /** Settles the actual cost of admitted work; 0 when it did not start. A repeated call changes nothing. */
  async settle(admission: string, actualUsd: number | Decimal, billedBytes?: bigint): Promise<void> {
    const actual = new Decimal(actualUsd);
    // NaN would make the sum of the day NaN, which exceeds no budget.
    if (!actual.isFinite() || actual.isNegative()) throw new RangeError(`a cost of ${actual.toString()} dollars`);
    await this.#options.ledger.settle(admission, actual, billedBytes);
  }
}

function checkMaximum(estimate: CostEstimate, maxCostUsd: number): void {
  if (!Number.isFinite(maxCostUsd) || maxCostUsd < 0) {
    throw badInput(`"maxCostUsd" is a number of dollars from 0, not ${maxCostUsd}.`, 'maxCostUsd');
  }
  if (compareMoney(estimate.total, new Decimal(maxCostUsd)) <= 0) return;
  throw new AppError(
    'COST_OVER_LIMIT',
    `The estimate is ${formatMoney(estimate.total)}, more than the ${formatMoney(new Decimal(maxCostUsd))} that "maxCostUsd" allows.`,
    { field: 'maxCostUsd', maxCostUsd, estimate: describe(estimate) },
  );
}

function overBudget({ day, budget, spent }: Omit<BudgetUsage, 'billedBytes'>, cause?: unknown): AppError {
  return new AppError(
    'COST_OVER_LIMIT',
    `This read of the offline store may cost more than is left of the budget of ${formatMoney(budget ?? ZERO)} for ${day} ` +
      `(UTC): ${formatMoney(spent)} is spent or in use. Ask for fewer features or entities, or try again the next day.`,
    { budgetUsd: budget?.toNumber(), spentUsd: roundMoney(spent).toNumber() },
    cause === undefined ? undefined : { cause },
  );
}

/** The estimate as details of an error, from which a client sees the most expensive lines. */
function describe({ book, lines, total, assumptions }: CostEstimate): object {
  return {
    total: { currency: book.currency, amount: roundMoney(total).toNumber() },
    lines: lines.map(({ sku, quantity, unit, unitPrice, amount }) => ({
      sku,
      quantity: quantity.toNumber(),
      unit,
      unitPrice: unitPrice.toNumber(),
      amount: roundMoney(amount).toNumber(),
    })),
    assumptions,
    priceBook: priceBookId(book),
  };
}
