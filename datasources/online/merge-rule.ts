import type { RawValue } from '../../values/value-type.js';
import type { FeatureSource } from '../registry/model.js';
import type { OnlineWrite } from './online-store.js';

/**
 * What a write says, slot by slot; a slot then keeps the newest version it is told. The rules for nulls are those of the
 * entity type: dense keeps the newest whole row, so what the row does not say becomes null; otherwise each feature keeps
 * its newest non-null value. The slot of the source holds no value: its version is that of the source's newest row. With it an
 * entity is known to have no value of the features that have none.
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

/** Feature names are identifiers, so one with a $ is never a feature's. */
export function sourceSlot(source: FeatureSource): string {
  return `$${source.name}`;
}
