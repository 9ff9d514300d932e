import { badInput } from '../errors/app-error.js';
import { sum, ZERO, type Decimal } from './decimal.js';

/** The quality of a figure: official (from Google), copied by a person, or not verified for this use. */
export const PRICE_QUALITIES = ['official', 'third-party', 'assumed'] as const;
export type PriceQuality = (typeof PRICE_QUALITIES)[number];

/**
 * Prices of one region on one day. The book defines its meters: the code counts the usage of a meter and has no
 * figures. The name of a meter includes its unit, so that a book cannot price another unit than the code counts.
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
  /** A note for every user of the meter. */
  readonly note: string | null;
  /** The time that is billed for each replica of a batch job before it works. */
  readonly startup: StartupTime | null;
  /** The minimum that is billed per use; no use is not billed. */
  readonly minimum: Decimal | null;
  /**
   * The first price applies when a request names no resource. Empty: the meter is counted but has no price of its own.
   */
  readonly prices: readonly Price[];
}

export interface StartupTime {
  readonly minutes: Decimal;
  readonly quality: PriceQuality;
  readonly source: string;
}

export type Price = UnitPrice | ComposedPrice;

interface PriceOrigin {
  /** A machine type, an accelerator or a kind of store. null: all that have no price of their own. */
  readonly resource: string | null;
  readonly quality: PriceQuality;
  readonly source: string;
  readonly note: string | null;
}

export interface UnitPrice extends PriceOrigin {
  readonly kind: 'unit';
  readonly sku: string;
  readonly unitPrice: Decimal;
  /** The storage that one node of an online store holds; more data needs more nodes. null: no such limit. */
  readonly storageGibPerNode: Decimal | null;
}

/**
 * The price of one unit as quantities of other meters: a copied GiB is a number of node hours, a machine a number of
 * processors.
 */
export interface ComposedPrice extends PriceOrigin {
  readonly kind: 'composed';
  readonly parts: readonly { readonly meter: string; readonly resource: string | null; readonly quantity: Decimal }[];
}

/** Resources on this machine, priced by a book like all others. */
export const THIS_MACHINE = 'this-machine';

export function priceBookId({ name, effectiveDate }: Pick<PriceBook, 'name' | 'effectiveDate'>): string {
  return `priceBooks/${name}@${effectiveDate}`;
}

/** Refuses a resource without a price for this meter and lists those with one. */
export function findPrice(book: PriceBook, meter: Meter, resource: string | null, field: string): Price | undefined {
  if (resource === null || meter.prices.length === 0) return meter.prices[0];
  const price =
    meter.prices.find((candidate) => candidate.resource === resource) ??
    meter.prices.find((candidate) => candidate.resource === null);
  if (price) return price;
  const known = meter.prices.map((candidate) => candidate.resource).join(', ');
  throw badInput(`The price book "${book.name}" has no price for "${resource}". It has: ${known}.`, field);
}

/** The price of one unit, also where it consists of parts. */
export function resolveUnitPrice(book: PriceBook, price: Price): Decimal {
  if (price.kind === 'unit') return price.unitPrice;
  return sum(
    price.parts.map(({ meter, resource, quantity }) => {
      const part = book.meters.get(meter)?.prices.find((candidate) => candidate.resource === resource);
      return part ? resolveUnitPrice(book, part).times(quantity) : ZERO;
    }),
  );
}

/** The prices that work of a meter in a location is estimated with. */
export interface BookChoice {
  /** By id or name; null: chosen by the location. */
  readonly priceBook?: string | null | undefined;
  /** A region or multi-region, in any case: us-central1, EU. null: that of the default book. */
  readonly location?: string | null | undefined;
}

export interface ChosenBook {
  readonly book: PriceBook;
  /** What an estimate must say about the choice. */
  readonly assumptions: readonly string[];
}

/** All price books. */
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

  /** A book by its id, or the newest by its name; null: the default of the configuration. */
  find(idOrName: string | null | undefined): PriceBook {
    const wanted = idOrName ?? this.#defaultName;
    const book = this.all.find((candidate) => candidate.name === wanted || priceBookId(candidate) === wanted);
    if (book) return book;
    const names = [...new Set(this.all.map(({ name }) => name))].join(', ');
    throw badInput(`There is no price book "${wanted}". There are: ${names}.`, 'priceBook');
  }

  /**
   * The book for work of a meter in a location: the one that the request names, else the default book if it is of that
   * location and has prices of the meter, else the newest book of the location that has them. Without any, it is the default
   * book or, if that has no prices of the meter either, the newest book of another region. The estimate then says so: a price of
   * another region is the best guess there is, and an unlimited job would be worse.
   */
  choose({ priceBook, location }: BookChoice, meter: string): ChosenBook {
    const book = this.find(priceBook);
    if (priceBook != null || location == null) return { book, assumptions: [] };
    if (isOf(book, location) && hasPrices(book, meter)) return { book, assumptions: [] };
    const ofLocation = this.all.filter((other) => isOf(other, location) && hasPrices(other, meter));
    const [newest] = ofLocation.toSorted((one, other) => other.effectiveDate.localeCompare(one.effectiveDate));
    if (newest) return { book: newest, assumptions: [] };
    const other = hasPrices(book, meter) ? book : this.#newestOfCloud(meter);
    const missing = `No price book has prices of ${meter} in ${location.toLowerCase()}`;
    if (!other) return { book, assumptions: [`${missing}.`] };
    return {
      book: other,
      assumptions: [`${missing}: these are the prices of ${other.region}, and the bill may differ.`],
    };
  }

  /** The newest book of a region of Google Cloud that has prices of a meter. */
  #newestOfCloud(meter: string): PriceBook | undefined {
    const ofCloud = this.all.filter((book) => /^[a-z]+-[a-z]+\d+$/.test(book.region) && hasPrices(book, meter));
    return ofCloud.toSorted((one, other) => other.effectiveDate.localeCompare(one.effectiveDate))[0];
  }
}

/** The region of a book whose prices hold everywhere. */
const ANYWHERE = 'anywhere';

function isOf({ region }: PriceBook, location: string): boolean {
  return region === ANYWHERE || region.toLowerCase() === location.toLowerCase();
}

function hasPrices({ meters }: PriceBook, meter: string): boolean {
  return (meters.get(meter)?.prices.length ?? 0) > 0;
}
