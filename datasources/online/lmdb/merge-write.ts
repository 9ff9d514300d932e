import { KeyedList, type ListKeys } from '../../../runtime/keyed-list.js';
import type { RawValue } from '../../../values/value-type.js';
import { compareVersions, type OnlineWrite, type ValueVersion } from '../online-store.js';
import type { AnySlot, RowReader } from './row-codec.js';
import { encodeUniformRow } from './row-encoder.js';
import type { NumberedSlot, RowPlan, SlotNumbers, SourceSlots } from './slot-numbers.js';

/**
 * Merges one write into the slots of its entity, by the rule of merge-rule.ts. An older version never replaces a newer
 * one; an equal version does, as the later arrival.
 */
export function mergeWrite(slots: Map<number, AnySlot>, write: OnlineWrite, numbers: SlotNumbers): void {
  const { source, version, values, isPartial } = write;
  const { ofSource, ofFeatures } = numbers.slotsOf(source);
  if (!isPartial) mergeSlot(slots, ofSource, version, null);
  if (source.entityType.dense) {
    for (const [name, number] of ofFeatures) mergeSlot(slots, number, version, values.get(name) ?? null);
    return;
  }
  for (const [name, value] of values) {
    const number = value === null ? undefined : ofFeatures.get(name);
    if (number !== undefined) mergeSlot(slots, number, version, value);
  }
}

function mergeSlot(slots: Map<number, AnySlot>, number: number, version: ValueVersion, value: RawValue | null): void {
  const stored = slots.get(number);
  if (!stored || compareVersions(version, stored.version) >= 0) slots.set(number, { version, value });
}

/**
 * The row of an entity after a write that leaves nothing of the stored one: most writes are such, and need no merge.
 * undefined for all others. It is valid until the next row is encoded.
 */
export function replaceRow(
  stored: RowReader | undefined,
  write: OnlineWrite,
  slotNumbers: SlotNumbers,
): Buffer | undefined {
  if (write.isPartial) return undefined;
  const { numbers, values } = listWritten(write, slotNumbers);
  if (stored && !stored.isReplacedBy(numbers, write.version)) return undefined;
  return encodeUniformRow(numbers, values, write.version);
}

/**
 * The row of an entity that has only this write: its row of the history. In an entity type that is not dense, a null is left
 * out. It is valid until the next row is encoded.
 */
export function encodeWrite(write: OnlineWrite, slotNumbers: SlotNumbers): Buffer {
  const { numbers, values } = listWritten(write, slotNumbers);
  return encodeUniformRow(numbers, values, write.version);
}

function listWritten(write: OnlineWrite, slotNumbers: SlotNumbers): ListedSlots {
  const slots = slotNumbers.slotsOf(write.source);
  return listShared(slots, write) ?? listAny(slots, write);
}

/** The slots that a row sets, in order, and their values. */
interface ListedSlots {
  readonly numbers: readonly number[];
  readonly values: readonly (RawValue | null)[];
}

function listAny({ inOrder }: SourceSlots, { source, values }: OnlineWrite): ListedSlots {
  const { dense } = source.entityType;
  const listed: { numbers: number[]; values: (RawValue | null)[] } = { numbers: [], values: [] };
  for (const { number, feature } of inOrder) {
    const value = feature === null ? null : (values.get(feature) ?? null);
    if (value === null && feature !== null && !dense) continue;
    listed.numbers.push(number);
    listed.values.push(value);
  }
  return listed;
}

/** The same for rows that share their features: no look for each. undefined for others, and for nulls that set nothing. */
function listShared({ inOrder, plans }: SourceSlots, { source, values }: OnlineWrite): ListedSlots | undefined {
  if (!(values instanceof KeyedList)) return undefined;
  const { sharedKeys, list } = values as KeyedList<string, RawValue | null>;
  const { dense } = source.entityType;
  let plan = plans.get(sharedKeys);
  if (!plan) plans.set(sharedKeys, (plan = planRow(inOrder, sharedKeys, dense)));
  const { numbers, places } = plan;
  const listed = new Array<RawValue | null>(places.length);
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index]!;
    const value = place < 0 ? null : (list[place] ?? null);
    if (value === null && place >= 0 && !dense) return undefined;
    listed[index] = value;
  }
  return { numbers, values: listed };
}

function planRow(inOrder: readonly NumberedSlot[], keys: ListKeys<string>, dense: boolean): RowPlan {
  const placed = inOrder.map(({ number, feature }) => ({
    number,
    feature,
    place: feature === null ? -1 : (keys.indexOf(feature) ?? -1),
  }));
  const set = placed.filter(({ feature, place }) => dense || feature === null || place >= 0);
  return { numbers: set.map(({ number }) => number), places: set.map(({ place }) => place) };
}
