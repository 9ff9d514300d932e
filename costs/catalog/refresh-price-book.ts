import { Decimal, sum } from '../decimal.js';
import type { PriceBookDocument } from '../price-book-document.js';
import type { CatalogSku, PriceCatalog } from './price-catalog.js';

export interface RefreshedPriceBook {
  readonly document: PriceBookDocument;
  readonly changes: readonly PriceChange[];
}

/** The result for one price. */
export interface PriceChange {
  readonly meter: string;
  readonly resource: string | null;
  readonly before: Decimal;
  /** null: the price is unchanged, or left out of a book of another region, for this reason. */
  readonly after: Decimal | null;
  readonly reason: string | null;
}

type MeterDocument = PriceBookDocument['meters'][string];
type PriceDocument = MeterDocument['prices'][number];
type UnitPriceDocument = Extract<PriceDocument, { sku: string }>;
type CatalogTerm = NonNullable<UnitPriceDocument['catalog']>[number];
type SkusByService = ReadonlyMap<string, readonly CatalogSku[]>;

/**
 * The next edition of a price book. Prices that name their SKUs get the catalog's price and become official. All others
 * stay unchanged, with their quality and source; so does a price whose SKU is ambiguous.
 */
export async function refreshPriceBook(
  document: PriceBookDocument,
  catalog: PriceCatalog,
  date: string,
): Promise<RefreshedPriceBook> {
  const { region, effectiveDate } = document;
  const { meters, changes } = await lookUpPrices(document, catalog, { date, region });
  const source = `Cloud Billing Catalog, ${date}; what names no SKU of it is of the edition of ${effectiveDate}`;
  return { document: { ...document, effectiveDate: date, source, meters }, changes };
}

/**
 * The same book for another region: only the prices that the catalog has there. A price of this region says nothing of
 * the other one, so what the catalog lacks is left out, and an estimate says that it is missing.
 */
export async function makeRegionalPriceBook(
  document: PriceBookDocument,
  catalog: PriceCatalog,
  { date, region }: { readonly date: string; readonly region: string },
): Promise<RefreshedPriceBook> {
  const { meters, changes } = await lookUpPrices(document, catalog, { date, region });
  const found = new Set(changes.flatMap(({ after, meter, resource }) => (after ? [keyOf(meter, resource)] : [])));
  const isFound = (meter: string, price: PriceDocument): boolean =>
    'sku' in price
      ? found.has(keyOf(meter, price.resource))
      : price.parts.every((part) => found.has(keyOf(part.meter, part.resource)));
  const regional = Object.entries(meters).flatMap(([name, meter]) => {
    const prices = meter.prices.filter((price) => isFound(name, price));
    // A meter without prices in the book is counted and free everywhere.
    return prices.length > 0 || meter.prices.length === 0 ? [[name, { ...meter, prices }] as const] : [];
  });
  return {
    document: {
      ...document,
      name: regionalName(document, region),
      region,
      effectiveDate: date,
      source: `Cloud Billing Catalog, ${date}`,
      meters: Object.fromEntries(regional),
    },
    changes,
  };
}

/** google-us-central1 becomes google-europe-west4; a name without its region gets the other one at its end. */
function regionalName({ name, region: own }: PriceBookDocument, region: string): string {
  const stem = name.endsWith(`-${own}`) ? name.slice(0, -own.length - 1) : name;
  return `${stem}-${region}`;
}

function keyOf(meter: string, resource: string | null | undefined): string {
  return JSON.stringify([meter, resource ?? null]);
}

async function lookUpPrices(
  document: PriceBookDocument,
  catalog: PriceCatalog,
  { date, region }: { readonly date: string; readonly region: string },
): Promise<Pick<PriceBookDocument, 'meters'> & Pick<RefreshedPriceBook, 'changes'>> {
  const skus = await loadSkus(document, catalog);
  const changes: PriceChange[] = [];
  const refresh = (meter: string, price: PriceDocument): PriceDocument => {
    if (!('sku' in price)) return price;
    const found = lookUp(inRegion(price, document.region, region), skus, region);
    const after = found instanceof Decimal ? found : null;
    const reason = typeof found === 'string' ? found : null;
    changes.push({ meter, resource: price.resource ?? null, before: new Decimal(price.unitPrice), after, reason });
    if (!after) return price;
    return { ...price, unitPrice: after.toFixed(), quality: 'official', source: `Cloud Billing Catalog, ${date}` };
  };
  const meters = Object.entries(document.meters).map(([name, meter]): [string, MeterDocument] => [
    name,
    { ...meter, prices: meter.prices.map((price) => refresh(name, price)) },
  ]);
  return { meters: Object.fromEntries(meters), changes };
}

/** Some descriptions of the catalog name their region: "Analysis (us-central1)". */
function inRegion(price: UnitPriceDocument, own: string, region: string): UnitPriceDocument {
  if (own === region || !price.catalog) return price;
  const catalog = price.catalog.map((term) =>
    term.description === undefined ? term : { ...term, description: term.description.replaceAll(own, region) },
  );
  return { ...price, catalog };
}

/** Lists each service once, for any number of prices. */
async function loadSkus(document: PriceBookDocument, catalog: PriceCatalog): Promise<SkusByService> {
  const services = Object.values(document.meters).flatMap(({ prices }) =>
    prices.flatMap((price) => ('sku' in price ? (price.catalog ?? []).map(({ service }) => service) : [])),
  );
  const found = new Map<string, readonly CatalogSku[]>();
  for (const service of new Set(services)) found.set(service, await catalog.skus(service));
  return found;
}

/** The price in the catalog, or why it cannot be determined. */
function lookUp({ catalog = [] }: UnitPriceDocument, skus: SkusByService, region: string): Decimal | string {
  if (catalog.length === 0) return 'it names no SKU';
  const terms = catalog.map((term) => termPrice(term, skus.get(term.service) ?? [], region));
  return terms.find((term) => typeof term === 'string') ?? sum(terms.filter((term) => term instanceof Decimal));
}

function termPrice(term: CatalogTerm, skus: readonly CatalogSku[], region: string): Decimal | string {
  const label = term.sku ?? `"${term.description}"`;
  const fitting = skus.filter((sku) => matchesTerm(term, sku) && isSoldIn(sku, region));
  const [sku] = fitting;
  if (!sku) return `${label} is not sold in ${region}`;
  if (fitting.length > 1) return `${label} is ${fitting.length} SKUs: ${fitting.map(({ id }) => id).join(', ')}`;
  if (sku.usageUnit !== term.usageUnit) return `${label} is priced per ${sku.usageUnit}, not per ${term.usageUnit}`;
  if (!sku.unitPrice) return `${label} has no price`;
  return sku.unitPrice.times(term.times ?? 1);
}

function matchesTerm({ sku, description }: CatalogTerm, { id, description: ofSku }: CatalogSku): boolean {
  return description === undefined ? id === sku : ofSku.startsWith(description);
}

function isSoldIn({ regions }: CatalogSku, region: string): boolean {
  return regions.includes(region) || regions.includes('global');
}
