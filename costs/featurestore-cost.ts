import { priceUsage, requireMeter, type PricedUsage, type Usage } from './price-usage.js';
import type { Decimal } from './decimal.js';
import { buildEstimate, sumLines, type CostEstimate } from './cost-estimate.js';
import { HOURS_PER_MONTH, METERS } from './meters.js';
import { nodeRange, type NodeRangeInput } from './node-range.js';
import { findPrice, type PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

/** The usage of a featurestore in a month. Absent fields mean no use. */
export interface FeaturestoreCost extends NodeRangeInput {
  /** A kind of online store in the price book; null: its first one. */
  readonly onlineStore?: string | null | undefined;
  /** How long the online nodes run; null: the whole month. */
  readonly hours?: number | null | undefined;
  readonly onlineStorageGib?: number | null | undefined;
  readonly readsPerMonth?: bigint | null | undefined;
  /** Values that syncs copy into the online store. */
  readonly syncedGibPerMonth?: number | null | undefined;
  readonly offlineStorageGib?: number | null | undefined;
  /** The bytes of tables and partitions that did not change for 90 days. */
  readonly offlineLongTermStorageGib?: number | null | undefined;
  readonly scannedTibPerMonth?: number | null | undefined;
  /** Other usage, for meters of the price book. */
  readonly otherUsage?: readonly OtherUsage[] | null | undefined;
}

export interface OtherUsage {
  readonly meter: string;
  readonly resource?: string | null | undefined;
  readonly quantity: number;
}

export function estimateFeaturestore(book: PriceBook, store: FeaturestoreCost): CostEstimate {
  const hours = quantity('hours', store.hours ?? HOURS_PER_MONTH);
  const stored = nodesForStorage(book, store);
  const range = nodeRange(stored ? { ...store, ...atLeast(store, stored.nodes) } : store);
  const rest = [...storeUsages(book, store), ...otherUsages(book, store.otherUsage ?? [])];
  const uses = (nodes: Decimal): PricedUsage[] =>
    [nodeUsage(store, nodes.times(hours)), ...rest].map((usage) => priceUsage(book, usage));
  return buildEstimate(book, {
    uses: uses(range.nodes),
    assumptions: [
      `A month has ${HOURS_PER_MONTH} hours.`,
      ...(stored ? [stored.assumption] : []),
      ...range.assumptions,
    ],
    range: { least: sumLines(uses(range.least)), most: sumLines(uses(range.most)) },
  });
}

/**
 * The nodes that the stored values need, where a node holds no more than so much; undefined where there is no such limit
 * or the nodes that the request names hold them.
 */
function nodesForStorage(
  book: PriceBook,
  { onlineStore = null, onlineStorageGib, minNodes }: FeaturestoreCost,
): { readonly nodes: number; readonly assumption: string } | undefined {
  const meter = book.meters.get(METERS.onlineNodeHour);
  const price = meter && findPrice(book, meter, onlineStore, 'onlineStore');
  if (price?.kind !== 'unit' || price.storageGibPerNode === null) return undefined;
  const stored = quantity('onlineStorageGib', onlineStorageGib ?? 0);
  const nodes = stored.dividedBy(price.storageGibPerNode).ceil().toNumber();
  if (nodes <= (minNodes ?? 1)) return undefined;
  const each = price.storageGibPerNode.toSignificantDigits(4).toFixed();
  return { nodes, assumption: `${stored.toFixed()} GiB need ${nodes} nodes: a node holds ${each} GiB.` };
}

/** The range of a request, with at least so many nodes. */
function atLeast({ minNodes, maxNodes, averageNodes }: NodeRangeInput, nodes: number): NodeRangeInput {
  const raised = (count: number | null | undefined) => (typeof count === 'number' ? Math.max(count, nodes) : count);
  return { minNodes: Math.max(minNodes ?? 1, nodes), maxNodes: raised(maxNodes), averageNodes: raised(averageNodes) };
}

function nodeUsage({ onlineStore = null }: FeaturestoreCost, hours: Decimal): Usage {
  return {
    meter: METERS.onlineNodeHour,
    resource: onlineStore,
    quantity: hours,
    field: 'onlineStore',
    isEssential: true,
  };
}

function storeUsages(book: PriceBook, store: FeaturestoreCost): Usage[] {
  const { onlineStore = null } = store;
  const used = (meter: string, resource: string | null, field: MonthlyField): Usage => ({
    meter,
    resource,
    quantity: quantity(field, store[field] ?? 0),
    field,
  });
  const reads = used(METERS.onlineReads, onlineStore, 'readsPerMonth');
  return [
    used(METERS.onlineStorage, onlineStore, 'onlineStorageGib'),
    { ...reads, quantity: reads.quantity.dividedBy(1_000_000) },
    used(METERS.synced, hasPrice(book, METERS.synced, onlineStore) ? onlineStore : null, 'syncedGibPerMonth'),
    used(METERS.offlineStorage, 'active', 'offlineStorageGib'),
    used(METERS.offlineStorage, 'long-term', 'offlineLongTermStorageGib'),
    used(METERS.offlineScan, null, 'scannedTibPerMonth'),
  ].filter((usage) => !usage.quantity.isZero());
}

/** A sync is billed by the kind of store where the book says so. */
function hasPrice(book: PriceBook, meter: string, resource: string | null): boolean {
  return book.meters.get(meter)?.prices.some((price) => price.resource === resource) ?? false;
}

type MonthlyField =
  | 'onlineStorageGib'
  | 'readsPerMonth'
  | 'syncedGibPerMonth'
  | 'offlineStorageGib'
  | 'offlineLongTermStorageGib'
  | 'scannedTibPerMonth';

function otherUsages(book: PriceBook, others: readonly OtherUsage[]): Usage[] {
  return others.map(({ meter, resource = null, quantity: value }, index) => {
    const field = `otherUsage[${index}]`;
    requireMeter(book, meter, `${field}.meter`);
    return { meter, resource, quantity: quantity('quantity', value, `${field}.quantity`), field: `${field}.resource` };
  });
}
