import { listSlots, sourceSlot } from '../../datasources/online/merge-rule.js';
import { compareVersions } from '../../datasources/online/online-store.js';
import { encodeValue } from '../../datasources/online/value-codec.js';
import type { StoredEntity } from '../../datasources/online/write-log.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { CheckedPart } from './check-rows.js';

/** The values that a source has of one entity at one event time, by feature: what a write at that time is compared with. */
export type MomentValues = ReadonlyMap<string, Buffer>;

/** Identifies the source, entity and event time of a part. */
export function momentKey({ source, entityId, version }: CheckedPart): string {
  const { entityType } = source;
  return JSON.stringify([
    entityType.featurestore.name,
    entityType.name,
    source.name,
    entityId,
    String(version.timestamp),
  ]);
}

/** The values after a write; undefined when the write changes nothing. */
export function addPart(part: CheckedPart, before: MomentValues | undefined): MomentValues | undefined {
  const written = [...listSlots({ ...part, isPartial: true })].map(([name, value]): [string, Buffer] => [
    name,
    encodeValue(value),
  ]);
  if (before && written.every(([name, value]) => before.get(name)?.equals(value))) return undefined;
  return new Map([...(before ?? []), ...written]);
}

/** The values of the newest event time of a source in the online store. */
export function newestMoment(source: FeatureSource, stored: StoredEntity): MomentValues {
  const newest = stored(sourceSlot(source));
  const values = new Map<string, Buffer>();
  for (const { name } of source.features) {
    const slot = stored(name);
    if (slot && slot.timestamp === newest?.timestamp) values.set(name, encodeValue(slot.value));
  }
  return values;
}

/** The values of the rows of one moment: the newest version of each feature counts. */
export function momentOfRows(source: FeatureSource, rows: readonly FeatureRow[]): MomentValues {
  const inOrder = [...rows].sort((a, b) => compareVersions(version(a), version(b)));
  let values: MomentValues = new Map();
  for (const { values: ofRow } of inOrder) {
    values = addPart({ source, entityId: '', version: version(rows[0]!), values: ofRow }, values) ?? values;
  }
  return values;
}

function version({ timestamp, createdTimestamp = null, sequence = null }: FeatureRow) {
  return { timestamp, createdTimestamp, sequence };
}
