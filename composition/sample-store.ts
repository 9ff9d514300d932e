import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { EntityType } from '../datasources/registry/model.js';
import type { RawValue, ValueType } from '../values/value-type.js';

const SAMPLES: Partial<Record<ValueType, RawValue>> = { BOOL: true, DOUBLE: 0.5, INT64: 12n, STRING: 'a text' };

export const SAMPLE_TIME = 1_700_000_000_000_000n;

/** null: there is no sample of this type. */
export function sampleOf(valueType: ValueType): RawValue | null {
  return SAMPLES[valueType] ?? null;
}

/** A store that is closed, and its files removed, after its use. */
export interface SampleStore {
  readonly online: OnlineStore;
  readonly remove: () => Promise<void>;
}

/** An embedded store in a folder of its own, with a row for each id. */
export async function openSampleStore(entityType: EntityType, entityIds: readonly string[]): Promise<SampleStore> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-warm-up-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const online = new LmdbOnlineStore(folder);
    const remove = async (): Promise<void> => {
      await online.close();
      await removeFolder();
    };
    try {
      for (const source of entityType.sources) {
        const values = new Map(source.features.map(({ name, valueType }) => [name, sampleOf(valueType)]));
        const version = { timestamp: SAMPLE_TIME, createdTimestamp: null, sequence: null };
        await online.write(
          entityType,
          entityIds.map((entityId) => ({ entityId, source, version, values })),
        );
      }
      return { online, remove };
    } catch (error) {
      await online.close();
      throw error;
    }
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
