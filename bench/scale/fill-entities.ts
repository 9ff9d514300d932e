import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { KeyedList, ListKeys } from '../../runtime/keyed-list.js';
import { valueOf } from '../filled-store.js';

const WRITES_AT_ONCE = 2_048;

/** The values that entities share: making them would cost more than the fill. */
const DIFFERENT_ROWS = 2_048;

export interface FillCost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

/** Fills a store with dense rows, by the fill that a gateway uses. */
export async function fillEntities(folder: string, entityType: EntityType, entities: number): Promise<FillCost> {
  const store = new LmdbOnlineStore(folder);
  const [source] = entityType.sources;
  if (!source) throw new Error('the bench registry has one source');
  const keys = new ListKeys(source.features.map(({ name }) => name));
  const rows = Array.from(
    { length: DIFFERENT_ROWS },
    (_, row) =>
      new KeyedList(
        keys,
        source.features.map(({ valueType }, column) => valueOf(valueType, row + column)),
      ),
  );
  const version = { timestamp: 1_700_000_000_000_000n, createdTimestamp: 1_700_000_000_000_000n, sequence: null };
  const [before, start] = [process.cpuUsage(), performance.now()];
  await store.fill(entityType, {
    fingerprint: 'bench',
    expectedFill: undefined,
    readWrites: async function* () {
      for (let from = 0; from < entities; from += WRITES_AT_ONCE) {
        const count = Math.min(WRITES_AT_ONCE, entities - from);
        yield await Promise.resolve(
          Array.from({ length: count }, (_, index): OnlineWrite => {
            const entity = from + index;
            return { entityId: `e${entity}`, source, version, values: rows[entity % DIFFERENT_ROWS]! };
          }),
        );
      }
    },
  });
  await store.close();
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, wallSeconds: (performance.now() - start) / 1000 };
}
