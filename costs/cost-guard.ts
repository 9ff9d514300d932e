import { AppError, badInput } from '../errors/app-error.js';
import type { Clock } from '../values/clock.js';
import { formatInstant } from '../values/instant.js';
import { compareMoney, Decimal, formatMoney, roundMoney, ZERO } from './decimal.js';
import type { CostEstimate } from './cost-estimate.js';
import { priceBookId } from './price-book.js';

/** What each principal has spent on each day. What has been resolved is durable: a restart is no new budget. */
export interface SpendingLedger {
  /**
   * Adds an amount to what was spent, unless that would be more than the budget (null: no budget). Looking and adding are
   * one atomic step, also between processes: of two that race for the rest of a budget one is refused.
   */
  reserve(reservation: Reservation, budget: Decimal | null): Promise<ReserveResult>;
  /** Puts what was really spent in the place of what was reserved. The first call counts, later ones change nothing. */
  settle(id: string, actual: Decimal): Promise<void>;
}

export interface Reservation {
  /** Begins with the day, so that old ones can be forgotten. */
  readonly id: string;
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly principal: string;
  readonly amount: Decimal;
}

export interface ReserveResult {
  readonly isReserved: boolean;
  /** On that day before this. */
  readonly spent: Decimal;
}

export interface CostGuardOptions {
  readonly ledger: SpendingLedger;
  /** Dollars a UTC day by principal; `*` is everybody who is not named. Nobody named and no `*`: no limit. */
  readonly dailyBudgets: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface AdmissionRequest {
  /** null: not known who; they share the budget of "anonymous". */
  readonly principal: string | null;
  readonly estimate: CostEstimate;
  /** What the request itself allows; null: as much as the budget has. */
  readonly maxCostUsd: number | null | undefined;
}

const ANONYMOUS = 'anonymous';

/**
 * Stands before everything that costs money: refuses what is estimated above the request's own limit or above what is left
 * of the principal's budget for the day, and holds the estimate against the budget until the real cost is known.
 */
export class CostGuard {
  readonly #options: CostGuardOptions;

  constructor(options: CostGuardOptions) {
    this.#options = options;
  }

  /**
   * Admits the work or throws COST_OVER_LIMIT with the estimate. Gives the id of the admission: keep it with the work, and
   * settle it once when the work has ended, or was not begun after all.
   */
  async admit({ principal, estimate, maxCostUsd }: AdmissionRequest): Promise<string> {
    if (typeof maxCostUsd === 'number') checkMaximum(estimate, maxCostUsd);
    const { ledger, dailyBudgets, clock, newId } = this.#options;
    const day = formatInstant(clock()).slice(0, 10);
    const owner = principal ?? ANONYMOUS;
    const budgetUsd = dailyBudgets.get(owner) ?? dailyBudgets.get('*');
    const budget = budgetUsd === undefined ? null : new Decimal(budgetUsd);
    const reservation = { id: `${day}/${newId()}`, day, principal: owner, amount: estimate.total };
    const { isReserved, spent } = await ledger.reserve(reservation, budget);
    if (isReserved) return reservation.id;
    throw new AppError(
      'COST_OVER_LIMIT',
      `The estimate is ${formatMoney(estimate.total)}; of the budget of ${formatMoney(budget ?? ZERO)} for ${day} (UTC) ` +
        `${formatMoney(spent)} is spent or in use. Ask for less, or try again the next day.`,
      { budgetUsd, spentUsd: roundMoney(spent).toNumber(), estimate: describe(estimate) },
    );
  }

  /** Says what admitted work really cost; 0 when it was not begun. Again changes nothing. */
  async settle(admission: string, actualUsd: number | Decimal): Promise<void> {
    const actual = new Decimal(actualUsd);
    // Not a number would be the sum of the day from then on, and no budget is below it.
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

/** The estimate as facts of an error: all a client needs to see which line is too dear. */
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
