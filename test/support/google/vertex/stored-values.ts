import type { Instant } from '../../../../values/instant.js';
import { fromProtoTime, toProtoTime } from '../../../../datasources/google/vertex/proto-time.js';
import type { ValueType } from '../../../../values/value-type.js';
import { refuse } from './refusal.js';

interface StoredValue {
  /** The wire's message, without its time. */
  readonly value: any;
  readonly time: Instant;
}

/** The type of a feature as a feature store has it: a TIMESTAMP is an INT64 there. */
export type StoredType = Exclude<ValueType, 'TIMESTAMP'>;

/** Values by entity and feature, the newest of each. An equal time is a later writing of the same cell. */
export class StoredValues {
  readonly #rows = new Map<string, Map<string, StoredValue>>();
  /** Every cell that was ever written, by entity, feature and time: one written twice is here once. */
  readonly versions = new Set<string>();
  /** The value of each of them. */
  readonly history = new Map<string, { key: string; feature: string; time: Instant; value: any }>();

  row(key: string): ReadonlyMap<string, StoredValue> | undefined {
    return this.#rows.get(key);
  }

  put(key: string, feature: string, wire: any, now: Instant): void {
    const { metadata, ...value } = wire;
    const time = fromProtoTime(metadata?.generateTime) ?? now;
    let row = this.#rows.get(key);
    if (!row) this.#rows.set(key, (row = new Map<string, StoredValue>()));
    const stored = row.get(feature);
    if (!stored || time >= stored.time) row.set(feature, { value, time });
    this.versions.add(`${key}/${feature}@${time}`);
    this.history.set(`${key}/${feature}@${time}`, { key, feature, time, value });
  }
}

export function withTime({ value, time }: StoredValue): unknown {
  return { ...value, metadata: { generateTime: toProtoTime(time) } };
}

/** `BOOL_ARRAY` is `boolArrayValue` on the wire. */
export function checkValue(feature: string, type: StoredType, wire: any): void {
  const member = `${type.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())}Value`;
  if (!wire?.value) refuse('INVALID_ARGUMENT', `feature ${feature}: no value`);
  if (wire.value !== member) refuse('INVALID_ARGUMENT', `feature ${feature} is a ${type}, not ${wire.value}`);
}
