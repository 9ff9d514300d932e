import { z } from 'zod';
import { Decimal } from './decimal.js';
import { PRICE_QUALITIES, type PriceBook } from './price-book.js';

/** Figures are strings: a JSON parser would already have converted a number to a binary fraction. */
const decimal = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,30})?$/, 'a decimal figure in quotes, such as "0.25"')
  .transform((text) => new Decimal(text));
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower case letters, digits and hyphens');
/** Every client can read this. Addresses belong in the notes of the book's maintainer. */
const source = z
  .string()
  .min(1)
  .max(300)
  .refine((text) => !text.includes('://'), 'the name of a source, not its address');
const note = z.string().min(1).max(300).nullable().default(null);
const quality = z.enum(PRICE_QUALITIES);
const resource = z.string().min(1).max(100).nullable().default(null);

/**
 * A SKU of the Cloud Billing Catalog, by its id or by the beginning of its description; the sum counts its price
 * `times` times.
 */
const catalogTerm = z
  .strictObject({
    service: z.string().regex(/^services\/[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$/, 'services/XXXX-XXXX-XXXX'),
    sku: z
      .string()
      .regex(/^[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$/, 'XXXX-XXXX-XXXX')
      .optional(),
    description: z.string().min(1).optional(),
    usageUnit: z.string().min(1),
    times: decimal.default(new Decimal(1)),
  })
  .refine((term) => (term.sku === undefined) !== (term.description === undefined), 'either "sku" or "description"');

const unitPrice = z
  .strictObject({
    resource,
    sku: z.string().min(1).max(100),
    unitPrice: decimal,
    quality,
    source,
    note,
    storageGibPerNode: decimal.nullable().default(null),
    catalog: z.array(catalogTerm).min(1).optional(),
  })
  .transform((price) => ({ kind: 'unit' as const, ...price }));

const composedPrice = z
  .strictObject({
    resource,
    parts: z.array(z.strictObject({ meter: name, resource, quantity: decimal })).min(1),
    quality,
    source,
    note,
  })
  .transform((price) => ({ kind: 'composed' as const, ...price }));

const meter = z.strictObject({
  unit: z.string().min(1).max(40),
  description: z.string().min(1).max(200),
  note,
  startupMinutes: z.strictObject({ minutes: decimal, quality, source }).nullable().default(null),
  minimum: decimal.nullable().default(null),
  prices: z.array(z.union([unitPrice, composedPrice])),
});

export const priceBookDocument = z.strictObject({
  name,
  region: z.string().min(1).max(60),
  effectiveDate: z.iso.date(),
  source,
  currency: z.literal('USD'),
  meters: z.record(name, meter),
});

/** A price book as a file has it. */
export type PriceBookDocument = z.input<typeof priceBookDocument>;
export type ReadPriceBook = z.output<typeof priceBookDocument>;

export function toPriceBook({ meters, ...book }: ReadPriceBook): PriceBook {
  return {
    ...book,
    meters: new Map(
      Object.entries(meters).map(([name, { startupMinutes: startup, ...meter }]) => [
        name,
        { name, startup, ...meter },
      ]),
    ),
  };
}

/** Checks that zod cannot express: references between meters, and prices that no request could select. */
export function findFaults({ meters }: ReadPriceBook): string[] {
  return Object.entries(meters).flatMap(([name, { prices }]) => {
    const resources = prices.map((price) => price.resource);
    const twice = resources.filter((resource, index) => resources.indexOf(resource) !== index);
    return [
      ...twice.map((resource) => `meters.${name}: two prices for ${resource ?? 'any resource'}`),
      ...prices.flatMap((price) =>
        price.kind === 'composed' ? price.parts.flatMap((part) => partFaults(meters, name, part)) : [],
      ),
    ];
  });
}

/** Parts are one level deep. This rules out cycles, and a reader finds each figure in one step. */
function partFaults(
  meters: ReadPriceBook['meters'],
  name: string,
  part: { meter: string; resource: string | null },
): string[] {
  const prices = meters[part.meter]?.prices ?? [];
  const price = prices.find(({ resource }) => resource === part.resource);
  const label = part.resource === null ? part.meter : `${part.meter} (${part.resource})`;
  if (!price) return [`meters.${name}: there is no price of ${label} to be a part`];
  return price.kind === 'composed' ? [`meters.${name}: its part ${label} is itself made of parts`] : [];
}
