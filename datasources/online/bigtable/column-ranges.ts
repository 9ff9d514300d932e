import type { EntityType, Feature, FeatureSource } from '../../registry/model.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import { sourceSlot } from '../merge-rule.js';

/** Columns from the first to the last slot, both included, in the order of their names. */
export interface ColumnRange {
  readonly first: string;
  readonly last: string;
}

/** The ranges of one request. */
export type ColumnRanges = readonly ColumnRange[];

/**
 * The filter of a request may have 20 kB. A range names the family (at most 64 bytes) and two columns (at most 130
 * bytes each), so these need less than 15 kB.
 */
const RANGES_PER_REQUEST = 40;

/** When a read asks for this share of the columns or more, it also reads small columns in between. */
const MOST_COLUMNS = 0.75;

const FILLING = '%';

/** The columns of an entity type, in the order in which Bigtable stores them. */
export interface TableColumns {
  readonly slots: readonly string[];
  /** Columns that no range includes unless they are asked for: their values may be large. */
  readonly large: ReadonlySet<string>;
}

const columnsByEntityType = new WeakMap<EntityType, TableColumns>();

export function columnsOf(entityType: EntityType): TableColumns {
  const known = columnsByEntityType.get(entityType);
  if (known) return known;
  const { sources, features } = entityType;
  const slots = [...sources.flatMap((source) => [sourceSlot(source), fillingSlot(source)]), ...names(features)];
  const columns = { slots: slots.toSorted(compareBytes), large: new Set(names(features.filter(isLarge))) };
  columnsByEntityType.set(entityType, columns);
  return columns;
}

/** For a filter that must match no other column, also where most columns are asked for. */
export function exactColumnsOf(entityType: EntityType): TableColumns {
  const { slots } = columnsOf(entityType);
  return { slots, large: new Set(slots) };
}

/** Names are identifiers, so this name never equals the slot of a feature or a source. */
export function fillingSlot(source: FeatureSource): string {
  return `${FILLING}${source.name}`;
}

/**
 * The ranges that cover the asked slots: Bigtable then reads no other columns, and compares no name with a regular
 * expression. On the emulator a regular expression of 50 names makes a read 15 times slower, and each further range
 * costs as much as a read of the row without a filter. So a read of most columns is one range: it also reads the few
 * small columns in between, which the caller ignores. So is a range around the mark of a fill, which is small.
 *
 * @returns The ranges, request by request.
 */
export function planColumnRanges(asked: readonly string[], { slots, large }: TableColumns): ColumnRanges[] {
  const wanted = new Set(asked);
  const isMost = wanted.size >= slots.length * MOST_COLUMNS;
  const ranges: { first: string; last: string }[] = [];
  let open: { first: string; last: string } | undefined;
  for (const slot of slots) {
    if (wanted.delete(slot)) {
      if (open) open.last = slot;
      else ranges.push((open = { first: slot, last: slot }));
    } else if (large.has(slot) || !(isMost || slot.startsWith(FILLING))) open = undefined;
  }
  // Slots that the entity type does not name, as of the row with the state of a fill.
  ranges.push(...[...wanted].map((slot) => ({ first: slot, last: slot })));
  return toChunks(ranges, RANGES_PER_REQUEST);
}

function names(features: readonly Feature[]): string[] {
  return features.map(({ name }) => name);
}

function isLarge({ valueType }: Feature): boolean {
  return valueType.endsWith('_ARRAY') || valueType === 'BYTES' || valueType === 'STRUCT';
}

function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
