import type { RawValue } from '../../../values/value-type.js';
import { listSlots } from '../merge-rule.js';
import { compareVersions, type OnlineWrite } from '../online-store.js';
import { encodeUniformRow, type AnySlot, type RowReader } from './row-codec.js';
import type { SlotNumbers } from './slot-numbers.js';

/**
 * Merges one write into the slots of its entity. An older version never replaces a newer one; an equal version does, as
 * the later arrival.
 */
export function mergeWrite(slots: Map<number, AnySlot>, write: OnlineWrite, numbers: SlotNumbers): void {
  const { source, version } = write;
  for (const [name, value] of listSlots(write)) {
    const number = numbers.assign(source.entityType, name);
    const stored = slots.get(number);
    if (!stored || compareVersions(version, stored.version) >= 0) slots.set(number, { version, value });
  }
}

/**
 * The row of an entity after a write that leaves nothing of the stored one: most writes are such, and need no merge.
 * undefined for all others.
 */
export function replaceRow(
  stored: RowReader | undefined,
  write: OnlineWrite,
  slotNumbers: SlotNumbers,
): Buffer | undefined {
  if (write.isPartial) return undefined;
  const { entityType } = write.source;
  const numbers: number[] = [];
  const values: (RawValue | null)[] = [];
  for (const { number, feature } of slotNumbers.slotsOf(write.source)) {
    const value = feature === null ? null : (write.values.get(feature) ?? null);
    if (value === null && feature !== null && !entityType.dense) continue;
    numbers.push(number);
    values.push(value);
  }
  if (stored && !stored.isReplacedBy(numbers, write.version)) return undefined;
  return encodeUniformRow(numbers, values, write.version);
}
