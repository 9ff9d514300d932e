import type { RawValue } from '../../values/value-type.js';
import type { FeatureSource } from '../registry/model.js';
import type { OnlineWrite } from './online-store.js';

/**
 * The slots that a write sets; each slot keeps the newest version. The entity type decides how nulls count. A dense
 * entity type keeps the newest whole row, so a feature that the row lacks becomes null. Otherwise each feature keeps
 * its newest non-null value. The slot of the source holds no value; its version is that of the source's newest row. By
 * that slot the store knows that a feature of an existing entity is NULL and not NOT_FOUND.
 */
export function* listSlots({
  source,
  values,
  isPartial,
}: OnlineWrite): Iterable<readonly [name: string, RawValue | null]> {
  if (!isPartial) yield [sourceSlot(source), null];
  for (const feature of source.features) {
    const value = values.get(feature.name) ?? null;
    if (value !== null || source.entityType.dense) yield [feature.name, value];
  }
}

/** Feature names are identifiers, so a name with a $ never belongs to a feature. */
export function sourceSlot(source: FeatureSource): string {
  return `$${source.name}`;
}
