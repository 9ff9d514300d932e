import { toErrorMessage } from '../../errors/error-message.js';
import type { CloudCatalogClient, protos } from '@google-cloud/billing';
import { OperatorError } from '../../errors/operator-error.js';
import { Decimal } from '../decimal.js';
import type { CatalogSku, PriceCatalog } from './price-catalog.js';

type ClientOptions = NonNullable<ConstructorParameters<typeof CloudCatalogClient>[0]>;
type Sku = protos.google.cloud.billing.v1.ISku;
type PricingExpression = protos.google.cloud.billing.v1.IPricingExpression;
type Money = protos.google.type.IMoney;

const PAGE_SIZE = 5000;
const CURRENCY = 'USD';
const NANOS = 1_000_000_000;

/**
 * The Cloud Billing Catalog. The client is loaded only here, because loading takes half a second and nothing else needs
 * it.
 */
export async function openGoogleCatalog(options: ClientOptions = {}): Promise<PriceCatalog> {
  const { CloudCatalogClient } = await import('@google-cloud/billing');
  const client = new CloudCatalogClient(options);
  return {
    skus: (service) => listSkus(client, service),
    close: () => client.close(),
  };
}

async function listSkus(client: CloudCatalogClient, service: string): Promise<CatalogSku[]> {
  try {
    const request = { parent: service, currencyCode: CURRENCY, pageSize: PAGE_SIZE };
    // The iteration reads the pages itself; without the option the client prints a warning about that.
    const skus: CatalogSku[] = [];
    for await (const sku of client.listSkusAsync(request, { autoPaginate: false })) skus.push(toSku(sku));
    return skus;
  } catch (cause) {
    throw new OperatorError(
      `The Cloud Billing Catalog did not give the prices of ${service}: ${toErrorMessage(cause)}`,
      [],
      { cause },
    );
  }
}

function toSku({ skuId, description, serviceRegions, pricingInfo }: Sku): CatalogSku {
  // The prices are in order of time: the last one applies now.
  const expression = pricingInfo?.at(-1)?.pricingExpression;
  return {
    id: skuId ?? '',
    description: description ?? '',
    regions: serviceRegions ?? [],
    usageUnit: expression?.usageUnit ?? '',
    unitPrice: expression ? firstPrice(expression) : null,
  };
}

/** Tiers begin with a free quantity and end with discounts; an estimate uses neither. */
function firstPrice({ tieredRates }: PricingExpression): Decimal | null {
  const prices = (tieredRates ?? []).flatMap(({ unitPrice }) => (unitPrice ? [toDecimal(unitPrice)] : []));
  return prices.find((price) => !price.isZero()) ?? prices[0] ?? null;
}

function toDecimal({ currencyCode, units, nanos }: Money): Decimal {
  if (currencyCode !== CURRENCY) throw new Error(`asked for ${CURRENCY}, was given ${currencyCode}`);
  return new Decimal(String(units ?? 0)).plus(new Decimal(nanos ?? 0).dividedBy(NANOS));
}
