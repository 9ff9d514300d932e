import { listSlots, sourceSlot } from '../../datasources/online/merge-rule.js';
import { compareVersions } from '../../datasources/online/online-store.js';
import { encodeValue } from '../../datasources/online/value-codec.js';
import type { StoredEntity } from '../../datasources/online/write-log.js';
import { KeyedList } from '../../runtime/keyed-list.js';
import type { RawValue } from '../../values/value-type.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { CheckedPart } from './check-rows.js';

/** The values that a source has of one entity at one event time, by feature: what a write at that time is compared with. */
export type MomentValues = ReadonlyMap<string, RawValue | null>;

/** Identifies the source, entity and event time of a part. No name contains a line break; an id may. */
export function momentKey({ source, entityId, version }: CheckedPart): string {
  let start = keyStarts.get(source);
  if (start === undefined) {
    const { name, entityType } = source;
    start = `${entityType.featurestore.name}\n${entityType.name}\n${name}\n`;
    keyStarts.set(source, start);
  }
  return `${start}${version.timestamp}\n${entityId}`;
}

const keyStarts = new WeakMap<FeatureSource, string>();

/** The values after a write; undefined when the write changes nothing. */
export function addPart(part: CheckedPart, before: MomentValues | undefined): MomentValues | undefined {
  const written = listWritten(part);
  if (!before) return written;
  let isSame = true;
  for (const [name, value] of written) isSame &&= before.has(name) && isSameValue(before.get(name)!, value);
  return isSame ? undefined : new Map([...before, ...written]);
}

/** What the part sets, by the rule of merging. */
function listWritten(part: CheckedPart): MomentValues {
  const { source, values } = part;
  const { dense } = source.entityType;
  // In a dense entity type, a null counts too.
  const isWhole = dense ? values.size === source.features.length : !hasNull(values);
  // Most rows: every value of it counts, and no other.
  return isWhole ? values : new Map(listSlots({ ...part, isPartial: true }));
}

function hasNull(values: MomentValues): boolean {
  if (values instanceof KeyedList) return values.list.includes(null);
  for (const value of values.values()) if (value === null) return true;
  return false;
}

/** Whether a write of one value over the other changes nothing. */
export function isSameValue(a: RawValue | null, b: RawValue | null): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  return encodeValue(a).equals(encodeValue(b));
}

/** The values of the newest event time of a source in the online store. */
export function newestMoment(source: FeatureSource, stored: StoredEntity): MomentValues {
  const newest = stored(sourceSlot(source));
  const values = new Map<string, RawValue | null>();
  for (const { name } of source.features) {
    const slot = stored(name);
    if (slot && slot.timestamp === newest?.timestamp) values.set(name, slot.value);
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
