import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LmdbOnlineStore } from '../../../../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineWrite } from '../../../../datasources/online/online-store.js';
import { testRegistry } from '../../../support/test-registry.js';

const features = Array.from({ length: 3 }, (_, index) => ({ name: `f${index}`, valueType: 'STRING' as const }));
const registry = testRegistry({
  name: 'shop',
  entityTypes: [{ name: 'customer', sources: [{ name: 'one', features }] }],
});
const entityType = registry.entityType('shop', 'customer');
const source = entityType.sources[0]!;

it('keeps the other values of a row that is written first after a restart', async () => {
  const path = await mkdtemp(join(tmpdir(), 'featuregraph-lmdb-'));
  const write = (timestamp: bigint, names: readonly string[]): OnlineWrite => ({
    entityId: 'ann',
    source,
    version: { timestamp, createdTimestamp: null, sequence: null },
    values: new Map(names.map((name) => [name, `${name}${timestamp}`])),
  });
  const names = source.features.map(({ name }) => name);
  const before = new LmdbOnlineStore(path);
  await before.write(entityType, [write(1n, names)]);
  await before.close();

  // Its numbers of the features are on disk alone, so the write reads them while it merges the row.
  const after = new LmdbOnlineStore(path);
  await after.write(entityType, [write(2n, ['f1'])]);
  const [cells] = await after.read({ entityType, entityIds: ['ann'], features: source.features, now: 3n });
  await after.close();
  await rm(path, { recursive: true });

  expect(cells!.map(({ value }) => value)).toEqual(names.map((name) => `${name}${name === 'f1' ? 2 : 1}`));
});
