import { AppError, badInput } from '../errors/app-error.js';
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
  /** Replaces the reserved amount by the actual cost. The first call counts; later calls change nothing. */
  settle(id: string, actual: Decimal): Promise<void>;
  /** What a principal has spent on a day, with what is reserved. */
  spent(day: string, principal: string): Promise<Decimal>;
}

/** What a principal may spend on a day, and what it has spent. */
export interface BudgetUsage {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  /** null: no budget limits it. */
  readonly budget: Decimal | null;
  /** With the estimates of work that runs. */
  readonly spent: Decimal;
}

export interface Reservation {
  /** Begins with the day, so that old entries can be deleted. */
  readonly id: string;
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly principal: string;
  readonly amount: Decimal;
}

export interface ReserveResult {
  readonly isReserved: boolean;
  /** The spending on that day before this request. */
  readonly spent: Decimal;
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
  async admit({ principal, estimate, maxCostUsd }: AdmissionRequest): Promise<string> {
    if (typeof maxCostUsd === 'number') checkMaximum(estimate, maxCostUsd);
    const { ledger, clock, newId } = this.#options;
    const day = formatInstant(clock()).slice(0, 10);
    const owner = principal ?? ANONYMOUS;
    const budget = this.#budgetOf(owner);
    const reservation = { id: `${day}/${newId()}`, day, principal: owner, amount: estimate.total };
    const { isReserved, spent } = await ledger.reserve(reservation, budget);
    if (isReserved) return reservation.id;
    throw new AppError(
      'COST_OVER_LIMIT',
      `The estimate is ${formatMoney(estimate.total)}; of the budget of ${formatMoney(budget ?? ZERO)} for ${day} (UTC) ` +
        `${formatMoney(spent)} is spent or in use. Ask for less, or try again the next day.`,
      { budgetUsd: budget?.toNumber(), spentUsd: roundMoney(spent).toNumber(), estimate: describe(estimate) },
    );
  }

  /** The budget of a principal for today, and what is spent of it. null: everybody who is not authenticated. */
  async usage(principal: string | null): Promise<BudgetUsage> {
    const { ledger, clock } = this.#options;
    const day = formatInstant(clock()).slice(0, 10);
    const owner = principal ?? ANONYMOUS;
    return { day, budget: this.#budgetOf(owner), spent: await ledger.spent(day, owner) };
  }

  #budgetOf(owner: string): Decimal | null {
    const { dailyBudgets } = this.#options;
    const dollars = dailyBudgets.get(owner) ?? dailyBudgets.get('*');
    return dollars === undefined ? null : new Decimal(dollars);
  }

  /** Settles the actual cost of admitted work; 0 when it did not start. A repeated call changes nothing. */
  async settle(admission: string, actualUsd: number | Decimal): Promise<void> {
    const actual = new Decimal(actualUsd);
    // NaN would make the sum of the day NaN, which exceeds no budget.
    if (!actual.isFinite() || actual.isNegative()) throw new RangeError(`a cost of ${actual.toString()} dollars`);
    await this.#options.ledger.settle(admission, actual);
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
