import { badInput } from '../errors/app-error.js';
import { sum, ZERO, type Decimal } from './decimal.js';

/** How far a figure can be trusted: from Google itself, copied by somebody, or not known for what it is used for. */
export const PRICE_QUALITIES = ['official', 'third-party', 'assumed'] as const;
export type PriceQuality = (typeof PRICE_QUALITIES)[number];

/**
 * Prices of one region on one day. Which meters there are is up to the book: the code says how much of a meter is used and
 * knows no figure. A meter's name carries its unit, so that a book cannot price another unit than is counted.
 */
export interface PriceBook {
  readonly name: string;
  readonly region: string;
  /** YYYY-MM-DD */
  readonly effectiveDate: string;
  readonly source: string;
  readonly currency: 'USD';
  readonly meters: ReadonlyMap<string, Meter>;
}

export interface Meter {
  readonly name: string;
  /** For people: "node hour". */
  readonly unit: string;
  readonly description: string;
  /** What everybody who uses the meter should know. */
  readonly note: string | null;
  /** What each replica of a batch job is billed before it does any work. */
  readonly startup: StartupTime | null;
  /** The least that is billed of one use; none is billed of no use. */
  readonly minimum: Decimal | null;
  /** The first is that of whoever names no resource. None: the meter is counted but has no price of its own. */
  readonly prices: readonly Price[];
}

export interface StartupTime {
  readonly minutes: Decimal;
  readonly quality: PriceQuality;
  readonly source: string;
}

export type Price = UnitPrice | ComposedPrice;

interface PriceOrigin {
  /** A machine type, an accelerator, a kind of store. null: any that has no price of its own. */
  readonly resource: string | null;
  readonly quality: PriceQuality;
  readonly source: string;
  readonly note: string | null;
}

export interface UnitPrice extends PriceOrigin {
  readonly kind: 'unit';
  readonly sku: string;
  readonly unitPrice: Decimal;
}

/** One of it is some of other meters: a GiB copied is so many node hours, a machine so many processors. */
export interface ComposedPrice extends PriceOrigin {
  readonly kind: 'composed';
  readonly parts: readonly { readonly meter: string; readonly resource: string | null; readonly quantity: Decimal }[];
}

/** What runs on this machine, priced by a book like everything else. */
export const THIS_MACHINE = 'this-machine';

export function priceBookId({ name, effectiveDate }: Pick<PriceBook, 'name' | 'effectiveDate'>): string {
  return `priceBooks/${name}@${effectiveDate}`;
}

/** Refuses a resource that a meter has no price for, and says which there are. */
export function findPrice(book: PriceBook, meter: Meter, resource: string | null, field: string): Price | undefined {
  if (resource === null || meter.prices.length === 0) return meter.prices[0];
  const price =
    meter.prices.find((candidate) => candidate.resource === resource) ??
    meter.prices.find((candidate) => candidate.resource === null);
  if (price) return price;
  const known = meter.prices.map((candidate) => candidate.resource).join(', ');
  throw badInput(`The price book "${book.name}" has no price for "${resource}". It has: ${known}.`, field);
}

/** What one unit costs, also where it is made of parts. */
export function resolveUnitPrice(book: PriceBook, price: Price): Decimal {
  if (price.kind === 'unit') return price.unitPrice;
  return sum(
    price.parts.map(({ meter, resource, quantity }) => {
      const part = book.meters.get(meter)?.prices.find((candidate) => candidate.resource === resource);
      return part ? resolveUnitPrice(book, part).times(quantity) : ZERO;
    }),
  );
}

/** All books there are. */
export class PriceBooks {
  /** By name; the newest of each name first. */
  readonly all: readonly PriceBook[];
  readonly #defaultName: string;

  constructor(books: readonly PriceBook[], defaultName: string) {
    this.all = books.toSorted(
      (one, other) => one.name.localeCompare(other.name) || other.effectiveDate.localeCompare(one.effectiveDate),
    );
    this.#defaultName = defaultName;
  }

  /** A book by its id, or the newest by its name; null: the one of the configuration. */
  find(idOrName: string | null | undefined): PriceBook {
    const wanted = idOrName ?? this.#defaultName;
    const book = this.all.find((candidate) => candidate.name === wanted || priceBookId(candidate) === wanted);
    if (book) return book;
    const names = [...new Set(this.all.map(({ name }) => name))].join(', ');
    throw badInput(`There is no price book "${wanted}". There are: ${names}.`, 'priceBook');
  }
}
