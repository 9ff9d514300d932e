import { Decimal as Base } from 'decimal.js';

/**
 * Decimal arithmetic for money and its factors: 0.1 + 0.2 is 0.3. Forty digits hold a price of a billionth of a dollar
 * times any permitted quantity; only the output is rounded (roundMoney).
 */
export const Decimal = Base.clone({ precision: 40, rounding: Base.ROUND_HALF_UP });
export type Decimal = Base;

export const ZERO: Decimal = new Decimal(0);

/** The precision of Google's money type, a billionth. With cents, a prediction of $0.0000055 would be free. */
const MONEY_DECIMALS = 9;

/** Rounds results of the estimators, once, at the output. */
export function roundMoney(amount: Decimal): Decimal {
  return amount.toDecimalPlaces(MONEY_DECIMALS);
}

/** An amount as text: at least cents, and all remaining digits after rounding. */
export function formatMoney(amount: Decimal): string {
  return formatPrice(roundMoney(amount));
}

/** The price of a unit as text: at least cents, and all its digits. It is an input and never rounded. */
export function formatPrice(unitPrice: Decimal): string {
  return `$${unitPrice.toFixed(Math.max(2, unitPrice.decimalPlaces()))}`;
}

/**
 * Compares amounts by the first twenty decimals. A third of an hour is cut at the fortieth digit, where equal amounts
 * can differ.
 */
export function compareMoney(one: Decimal, other: Decimal): number {
  return one.toDecimalPlaces(20).comparedTo(other.toDecimalPlaces(20));
}

export function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, amount) => total.plus(amount), ZERO);
}

/** The median; the mean of the two middle values for an even count. null for an empty list. */
export function median(values: readonly Decimal[]): Decimal | null {
  const sorted = values.toSorted((one, other) => one.comparedTo(other));
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper && lower ? upper.plus(lower).dividedBy(2) : null;
}
