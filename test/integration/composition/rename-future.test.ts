import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { expect, it } from 'vitest';
import { openStores } from '../../../composition/stores.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { createShadowMetrics } from '../../../observability/shadow-metrics.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const BEFORE = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources: [{ name: notes, features: [{ name: note, valueType: STRING }] }]
`;
const AFTER = `
featurestores:
  - name: shop
    entityTypes:
      - name: client
        renamedFrom: customer
        sources:
          [{ name: remarks, renamedFrom: notes, features: [{ name: remark, renamedFrom: note, valueType: STRING }] }]
`;
const WITHOUT_OLD_NAMES = AFTER.replaceAll(/renamedFrom: \w+,?/g, '');
const NOW = 1_800_000_000_000_000n;
const LATER = NOW + 3_600_000_000n;

/** Opens the stores of a registry as a start does, and closes them after the work. */
async function withStores<Result>(
  folder: string,
  { yaml, now }: { readonly yaml: string; readonly now: bigint },
  work: (use: {
    write: (entityId: string, value: string) => Promise<unknown>;
    remove: (entityId: string) => Promise<unknown>;
    read: (...entityIds: string[]) => Promise<unknown[]>;
  }) => Promise<Result>,
): Promise<Result> {
  writeFileSync(join(folder, 'registry.yaml'), yaml);
  const registry = await loadRegistry(join(folder, 'registry.yaml'));
  const [featurestore] = registry.featurestores;
  const [entityType] = featurestore!.entityTypes;
  const [feature] = entityType!.features;
  const stores = await openStores(registry, join(folder, 'data'), {
    shadowReport: createShadowMetrics(new Metrics()),
    clock: () => now,
  });
  try {
    const { writer, deletion } = stores.writers;
    return await work({
      write: (entityId, value) =>
        writer.write({
          entityType: entityType!,
          rows: [{ entityId, timestamp: LATER, values: new Map([[feature!, value]]) }],
        }),
      remove: (entityId) => deletion.deleteEntities(entityType!, [entityId]),
      read: async (...entityIds) => {
        const cells = await stores
          .online(featurestore!)
          .read({ entityType: entityType!, entityIds, features: [feature!], now });
        return cells.map(([cell]) => cell!.value);
      },
    });
  } finally {
    await stores.close();
  }
}

it('serves a row of the future by the name that a start gave it, and not after its deletion by that name', async () => {
  const folder = temporaryFolder();
  await withStores(folder, { yaml: BEFORE, now: NOW }, async ({ write }) => {
    await write('kept', 'later');
    await write('deleted', 'later');
  });
  await withStores(folder, { yaml: AFTER, now: NOW + 1n }, async ({ remove, read }) => {
    await remove('deleted');
    expect(await read('kept', 'deleted')).toEqual([null, null]);
  });
  for (const yaml of [AFTER, WITHOUT_OLD_NAMES]) {
    const values = await withStores(folder, { yaml, now: LATER }, ({ read }) => read('kept', 'deleted'));
    expect(values).toEqual(['later', null]);
  }
});

it('serves a row of the future after a start with the new name and one without the old', async () => {
  const folder = temporaryFolder();
  await withStores(folder, { yaml: BEFORE, now: NOW }, ({ write }) => write('a', 'later'));
  await withStores(folder, { yaml: AFTER, now: NOW + 1n }, async () => undefined);
  const values = await withStores(folder, { yaml: WITHOUT_OLD_NAMES, now: LATER }, ({ read }) => read('a'));
  expect(values).toEqual(['later']);
});
