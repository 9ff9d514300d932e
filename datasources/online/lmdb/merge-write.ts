import { listSlots } from '../merge-rule.js';
import { compareVersions, type OnlineWrite } from '../online-store.js';
import type { AnySlot } from './row-codec.js';
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
