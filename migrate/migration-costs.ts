import type { CostEstimate } from '../costs/cost-estimate.js';
import { estimateFeaturestore } from '../costs/featurestore-cost.js';
import type { PriceBook } from '../costs/price-book.js';

export interface CostInput {
  /** Of the new generation; each has a node or more. */
  readonly onlineStores: number;
  /** Of the legacy featurestores together. */
  readonly legacyNodes: number;
  /** The size of all values of the history; null: not known. */
  readonly historyGib: number | null;
}

export interface MigrationCosts {
  /** The new stores in the first month, with all that is done once. */
  readonly firstMonth: CostEstimate;
  /** The legacy nodes in a month, until they are deleted; null without nodes. */
  readonly legacyMonth: CostEstimate | null;
}

/** The first export, the table, and the second export, which is the whole history at most. */
const COPIES = 3;
/** The table is made, merged, and read by two syncs and by one each night. */
const SCANS = 2 + 2 + 30;

export function estimateMigration(book: PriceBook, input: CostInput): MigrationCosts {
  const { onlineStores, legacyNodes, historyGib } = input;
  const history = historyGib ?? 0;
  return {
    firstMonth: estimateFeaturestore(book, {
      onlineStore: 'vertex-bigtable',
      minNodes: onlineStores,
      offlineStorageGib: history * COPIES,
      scannedTibPerMonth: (history * SCANS) / 1024,
    }),
    legacyMonth:
      legacyNodes === 0
        ? null
        : estimateFeaturestore(book, { onlineStore: 'vertex-legacy', minNodes: legacyNodes, maxNodes: legacyNodes }),
  };
}
