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
  /** null: the price is unchanged, for this reason. */
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
  const skus = await loadSkus(document, catalog);
  const changes: PriceChange[] = [];
  const refresh = (meter: string, price: PriceDocument): PriceDocument => {
    if (!('sku' in price)) return price;
    const found = lookUp(price, skus, document.region);
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
  return {
    document: {
      ...document,
      effectiveDate: date,
      source: `Cloud Billing Catalog, ${date}; what names no SKU of it is of the edition of ${document.effectiveDate}`,
      meters: Object.fromEntries(meters),
    },
    changes,
  };
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
