import { Decimal as Base } from 'decimal.js';

/**
 * Decimal arithmetic for money and what it is multiplied with: 0.1 + 0.2 is 0.3. Forty digits hold a price of a
 * billionth of a dollar times anything that can be asked for; nothing is rounded before the edge (roundMoney).
 */
export const Decimal = Base.clone({ precision: 40, rounding: Base.ROUND_HALF_UP });
export type Decimal = Base;

export const ZERO: Decimal = new Decimal(0);

/** Google's own money type ends at a billionth. Cents would make a prediction of $0.0000055 free. */
const MONEY_DECIMALS = 9;

/** What leaves the estimators is rounded here, once. */
export function roundMoney(amount: Decimal): Decimal {
  return amount.toDecimalPlaces(MONEY_DECIMALS);
}

/** An amount as text: at least cents, and all digits that are left when it is rounded. */
export function formatMoney(amount: Decimal): string {
  return formatPrice(roundMoney(amount));
}

/** The price of a unit as text: at least cents, and all digits that there are. It is a given figure, never rounded. */
export function formatPrice(unitPrice: Decimal): string {
  return `$${unitPrice.toFixed(Math.max(2, unitPrice.decimalPlaces()))}`;
}

/**
 * Compares amounts. A third of an hour is cut at the fortieth digit, so amounts that are equal can differ there; they are
 * compared in the first twenty decimals.
 */
export function compareMoney(one: Decimal, other: Decimal): number {
  return one.toDecimalPlaces(20).comparedTo(other.toDecimalPlaces(20));
}

export function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, amount) => total.plus(amount), ZERO);
}

/** The middle one; of an even number the mean of the two in the middle. Of none: null. */
export function median(values: readonly Decimal[]): Decimal | null {
  const sorted = values.toSorted((one, other) => one.comparedTo(other));
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper && lower ? upper.plus(lower).dividedBy(2) : null;
}
