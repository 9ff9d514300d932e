import type { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import type { EntityType } from '../datasources/registry/model.js';
import { systemClock } from '../values/clock.js';
import type { RawValue } from '../values/value-type.js';

const WRITES_AT_ONCE = 1000;

/** Fills the online store of a folder with entities `e0`, `e1`, …, which have a value of every feature. */
export async function fillStore(store: LmdbOnlineStore, entityType: EntityType, entities: number): Promise<void> {
  const [source] = entityType.sources;
  if (!source) return;
  const version = { timestamp: systemClock() - 1_000_000n, createdTimestamp: null, sequence: null };
  for (let start = 0; start < entities; start += WRITES_AT_ONCE) {
    const ids = Array.from({ length: Math.min(WRITES_AT_ONCE, entities - start) }, (_, index) => start + index);
    await store.write(
      entityType,
      ids.map((id) => ({
        entityId: `e${id}`,
        source,
        version,
        values: new Map(
          source.features.map(({ name, valueType }, column) => [name, valueOf(valueType, id + column)] as const),
        ),
      })),
    );
  }
}

/** The value of a number, of a type that `benchRegistry` has. */
export function valueOf(valueType: string, number: number): RawValue {
  switch (valueType) {
    case 'DOUBLE':
      return number / 7;
    case 'INT64':
      return BigInt(number);
    case 'BOOL':
      return number % 2 === 0;
    default:
      return `value ${number}`;
  }
}
