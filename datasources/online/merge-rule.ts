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
  if (source.entityType.dense) {
    for (const { name } of source.features) yield [name, values.get(name) ?? null];
    return;
  }
  const names = namesOf(source);
  for (const [name, value] of values) if (value !== null && names.has(name)) yield [name, value];
}

/** A fill has a write for each value: a look at all features of the source each time was most of it. */
function namesOf(source: FeatureSource): ReadonlySet<string> {
  let names = featureNames.get(source);
  if (!names) featureNames.set(source, (names = new Set(source.features.map(({ name }) => name))));
  return names;
}

const featureNames = new WeakMap<FeatureSource, ReadonlySet<string>>();

/** Feature names are identifiers, so a name with a $ never belongs to a feature. */
export function sourceSlot(source: FeatureSource): string {
  let slot = sourceSlots.get(source);
  if (slot === undefined) sourceSlots.set(source, (slot = `$${source.name}`));
  return slot;
}

/** Each written row is looked for by it. */
const sourceSlots = new WeakMap<FeatureSource, string>();

/** Whether an entity has two writes. Most writes of one request are of different entities, and then their order counts for nothing. */
export function hasRepeatedEntity(writes: readonly Pick<OnlineWrite, 'entityId'>[]): boolean {
  const entityIds = new Set<string>();
  for (let index = 0; index < writes.length; index += 1) {
    if (entityIds.add(writes[index]!.entityId).size === index) return true;
  }
  return false;
}
