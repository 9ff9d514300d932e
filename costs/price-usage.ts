import { badInput, type AppError } from '../errors/app-error.js';
import { formatPrice, type Decimal } from './decimal.js';
import type { CostLine } from './cost-line.js';
import { findPrice, type Meter, type Price, type PriceBook, type UnitPrice } from './price-book.js';

/** A quantity of a meter. */
export interface Usage {
  readonly meter: string;
  /** The resource of the meter (a machine type); null: the first one of the book. */
  readonly resource: string | null;
  /** In the unit of the meter's name. */
  readonly quantity: Decimal;
  /** The purpose, for people; null: the text of the meter. */
  readonly purpose?: string | null;
  /** The field of the request that named the resource, for refusals. */
  readonly field: string;
  /** Whether an estimate needs this price: a job whose machines cost nothing would pass every limit. */
  readonly isEssential?: boolean;
}

/** A use with its price: the lines it adds to an estimate, and their basis. */
export interface PricedUsage {
  readonly lines: readonly CostLine[];
  readonly assumptions: readonly string[];
}

/**
 * Prices a use by a book. A meter without a price adds no line and adds an assumption that says so: a book need not
 * price everything, but a total must not omit anything silently.
 */
export function priceUsage(book: PriceBook, usage: Usage): PricedUsage {
  const { quantity, resource, field } = usage;
  const meter = book.meters.get(usage.meter);
  const price = meter && findPrice(book, meter, resource, field);
  if (!meter || !price) {
    if (quantity.isZero()) return { lines: [], assumptions: [] };
    if (!meter && usage.isEssential) throw toMissingPriceError(book, usage.meter);
    return { lines: [], assumptions: [unpriced(book, meter, usage)] };
  }
  const billed = billedQuantity(meter, quantity);
  const notes = [meter.note, price.note].filter((note) => note !== null);
  const description = usage.purpose ? `${describe(meter, price)}, ${usage.purpose}` : describe(meter, price);
  if (price.kind === 'unit') {
    return {
      lines: [toCostLine(meter, price, billed, description)],
      assumptions: [...notes, `${figure(meter, price)} is ${quality(price)}: ${price.source}.`],
    };
  }
  const parts = price.parts.map((part) =>
    priceUsage(book, { ...part, quantity: part.quantity.times(billed), purpose: lowerFirst(description), field }),
  );
  return {
    lines: parts.flatMap(({ lines }) => lines),
    assumptions: [
      ...notes,
      `What ${article(meter.unit)} of ${price.resource ?? meter.name} is made of is ${quality(price)}: ${price.source}.`,
      ...parts.flatMap(({ assumptions }) => assumptions),
    ],
  };
}

/** Refuses a meter that the book lacks; for meters that the client named. */
export function requireMeter(book: PriceBook, name: string, field: string): void {
  if (book.meters.has(name)) return;
  const known = [...book.meters.keys()].join(', ');
  throw badInput(`The price book "${book.name}" has no meter "${name}". It has: ${known}.`, field);
}

function toMissingPriceError(book: PriceBook, meter: string): AppError {
  return badInput(`The price book "${book.name}" has no price for ${meter}. Name another in "priceBook".`, 'priceBook');
}

function unpriced(book: PriceBook, meter: Meter | undefined, { meter: name, quantity }: Usage): string {
  const amount = quantity.toSignificantDigits(6).toFixed();
  if (meter?.note) return `${meter.note} ${amount} ${meter.unit} add nothing.`;
  return `Not in the total: ${amount} of ${name}, which the price book "${book.name}" has no price for.`;
}

function billedQuantity({ minimum }: Meter, quantity: Decimal): Decimal {
  return minimum && quantity.greaterThan(0) && quantity.lessThan(minimum) ? minimum : quantity;
}

function toCostLine(meter: Meter, { sku, unitPrice }: UnitPrice, quantity: Decimal, description: string): CostLine {
  return { sku, description, quantity, unit: meter.unit, unitPrice, amount: quantity.times(unitPrice) };
}

function describe(meter: Meter, { resource }: Price): string {
  return resource === null ? meter.description : `${meter.description} (${resource})`;
}

function figure({ unit }: Meter, { sku, unitPrice }: UnitPrice): string {
  return `${formatPrice(unitPrice)} per ${unit} of ${sku}`;
}

function quality({ quality: of }: Price): string {
  return of === 'official' ? 'an official figure' : of === 'third-party' ? 'a third-party figure' : 'assumed';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function article(unit: string): string {
  return /^[aeiou]/i.test(unit) ? `an ${unit}` : `a ${unit}`;
}
