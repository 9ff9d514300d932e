import type { Decimal } from '../decimal.js';

/** A seller's own list of prices. */
export interface PriceCatalog {
  /** All SKUs of a service (`services/XXXX-XXXX-XXXX`). */
  skus(service: string): Promise<readonly CatalogSku[]>;
  close(): Promise<void>;
}

export interface CatalogSku {
  readonly id: string;
  readonly description: string;
  /** `global`: everywhere. */
  readonly regions: readonly string[];
  /** "h", "GiBy.h", "TiBy" */
  readonly usageUnit: string;
  /** Dollars for a usage unit, before any discount for volume and after what is free; null when it has no price. */
  readonly unitPrice: Decimal | null;
}
