import type { FeatureValue } from '../../../values/value-type.js';
import { compareVersions, type OnlineWrite } from '../online-store.js';
import type { Slot } from './row-codec.js';
import type { SlotNumbers } from './slot-numbers.js';

/**
 * Merges one write into the slots of its entity. An older version never replaces a newer one; an equal version does, as
 * the later arrival. The rules for nulls are those of the entity type: dense keeps the newest whole row, so what the row
 * does not say becomes null; otherwise each feature keeps its newest non-null value.
 */
export function mergeWrite(slots: Map<number, Slot>, write: OnlineWrite, numbers: SlotNumbers): void {
  const { source, version, values } = write;
  const keepNewest = (number: number, value: FeatureValue | null): void => {
    const stored = slots.get(number);
    if (stored && compareVersions(version, stored.version) < 0) return;
    slots.set(number, { version, value });
  };
  keepNewest(numbers.assignSource(source), null);
  for (const feature of source.features) {
    const value = values.get(feature.name) ?? null;
    if (value === null && !source.entityType.dense) continue;
    keepNewest(numbers.assign(source.entityType, feature.name), value);
  }
}
