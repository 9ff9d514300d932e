import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { addMigrateCommands } from '../../../migrate/cli/migrate.js';
import {
  migrateCompare,
  type CompareSetting,
  type MigrateCompareOptions,
} from '../../../migrate/cli/migrate-compare.js';
import { openOfflineStoreToRead } from '../../../composition/offline-store-adapters.js';
import { openOnlineStore as openStore } from '../../../composition/online-store-adapters.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { openVertexLegacyOnlineStore } from '../../../datasources/online/vertex-legacy/vertex-legacy-online-store.js';
import { openVertexViewOnlineStore } from '../../../datasources/online/vertex-view/vertex-view-online-store.js';
import type { EntityType, OnlineStoreSettings } from '../../../datasources/registry/model.js';
import { addLegacyEntityType, addView } from '../../support/google/vertex-entity-types.js';
import { createWrite } from '../../support/google/vertex-writes.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../../support/google/vertex-world.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testRegistry } from '../../support/test-registry.js';

const features = ['basket', 'orders'].map((name) => ({ name, valueType: 'DOUBLE' as const }));
const registry = testRegistry(
  {
    name: 'shop',
    onlineStore: { kind: 'VERTEX_LEGACY', ...PLACE, featurestore: 'old_shop' },
    shadow: { onlineStore: { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving' }, share: 0.1 },
    entityTypes: [
      { name: 'customer', sources: [{ features }] },
      { name: 'visit', entityIdColumns: ['customer', 'page'], sources: [{ features }] },
    ],
  },
  { name: 'alone', entityTypes: [{ name: 'customer', sources: [{ features }] }] },
);
const customer = registry.entityType('shop', 'customer');

let world: VertexWorld;

beforeAll(async () => {
  world = await startVertexWorld();
  for (const name of ['customer', 'visit']) {
    const entityType = registry.entityType('shop', name);
    addView(world, entityType);
    addLegacyEntityType(world, entityType);
  }
  const stores = [registry.featurestore('shop').onlineSettings, registry.featurestore('shop').shadow!.onlineStore];
  for (const [index, settings] of stores.entries()) {
    const store = await openOnlineStore(settings);
    await store.write(customer, [
      ...['c1', 'c2', 'c3'].map((id) => createWrite(customer, id, NOW, { basket: 0.1 + index * 1e-12, orders: 1 })),
      createWrite(customer, 'c4', NOW, { basket: 2 + index, orders: 1 }),
      // Without orders: the legacy store cannot say NULL.
      createWrite(customer, 'c5', NOW, { basket: 5 }),
    ]);
    await store.close();
  }
});
afterAll(() => world.server.stop());

const openOnlineStore = async (settings: OnlineStoreSettings) =>
  settings.kind === 'VERTEX_LEGACY'
    ? openVertexLegacyOnlineStore(settings, () => NOW, world.server.clientOptions)
    : openVertexViewOnlineStore(
        settings as Extract<OnlineStoreSettings, { kind: 'VERTEX_FEATURE_VIEW' }>,
        () => NOW,
        world.server.clientOptions,
      );

const setting: CompareSetting = {
  registry,
  openOnlineStore,
  openOfflineStore: () => Promise.reject(new Error('the file has the ids')),
  clock: () => NOW,
  random: () => 0.5,
};

async function idFile(...ids: string[]): Promise<string> {
  const path = join(temporaryFolder(), 'ids.txt');
  await writeFile(path, `${ids.join('\r\n')}\n\n`);
  return path;
}

const compare = (options: Partial<MigrateCompareOptions>, overrides: Partial<CompareSetting> = {}) =>
  migrateCompare(
    { featurestore: 'shop', entityType: 'customer', sample: 1000, threshold: 0, ...options },
    { ...setting, ...overrides },
  );

describe('featuregraph migrate compare', () => {
  it('prints what differs, feature by feature, with an entity to look at', async () => {
    const { text, isWithinThreshold } = await compare({ ids: await idFile('c1', 'c2', 'c3', 'c4', 'c5', 'nobody') });
    expect(text).toBe(
      [
        'VERTEX_LEGACY and VERTEX_FEATURE_VIEW: 6 entities, 12 values',
        '┌─────────┬───────┬────────┬───────┬───────────┬─────────────┐',
        '│ feature │ equal │ status │ value │ timestamp │ for example │',
        '├─────────┼───────┼────────┼───────┼───────────┼─────────────┤',
        '│ basket  │     5 │      0 │     1 │         0 │ c4          │',
        '├─────────┼───────┼────────┼───────┼───────────┼─────────────┤',
        '│ orders  │     6 │      0 │     0 │         0 │             │',
        '└─────────┴───────┴────────┴───────┴───────────┴─────────────┘',
        '8.33 % differ; 0.00 % may.',
      ].join('\n'),
    );
    expect(isWithinThreshold).toBe(false);
  });

  it('is content up to the threshold, and not above it', async () => {
    const ids = await idFile('c1', 'c2', 'c3', 'c4', 'c5');
    expect((await compare({ ids, threshold: 0.1 })).isWithinThreshold).toBe(true);
    expect((await compare({ ids, threshold: 0.099 })).isWithinThreshold).toBe(false);
  });

  it('takes a sample of the ids, each of them with the same chance', async () => {
    const ids = await idFile('c1', 'c2', 'c3', 'c4');
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    world.server.calls.length = 0;
    for (let run = 0; run < 40; run += 1) await compare({ ids, sample: 1 }, { random });
    const asked = world.server.callsOf('FetchFeatureValues').map(({ request }) => request.dataKey.key as string);
    expect(asked).toHaveLength(40);
    expect(new Set(asked)).toEqual(new Set(['c1', 'c2', 'c3', 'c4']));
  });

  it('takes the ids of the offline store when no file is named', async () => {
    const offline = await DuckDbOfflineStore.open(await DuckDbDatabase.open(':memory:'), customer.sources);
    await offline.append(
      customer.sources[0]!,
      ['c1', 'c2', 'c1'].map((entityId, index) => ({
        entityId,
        timestamp: NOW - BigInt(index),
        values: new Map([['orders', 1]]),
      })),
    );
    const { text } = await compare({}, { openOfflineStore: async () => offline });
    expect(text).toContain('2 entities, 4 values');
  });

  describe('without a file of ids, on the embedded offline store', () => {
    const withOfflineStoreIn = (folder: string) =>
      compare({}, { openOfflineStore: (entityType) => openOfflineStoreToRead(entityType, folder) });
    const openIn = (folder: string, { sources }: EntityType = customer) =>
      DuckDbDatabase.open(join(folder, 'offline.duckdb')).then((database) =>
        DuckDbOfflineStore.open(database, sources),
      );

    it('reads what is there and makes nothing', async () => {
      const folder = temporaryFolder();
      await expect(withOfflineStoreIn(folder)).rejects.toThrow('--ids names a file');
      expect(await readdir(folder)).toEqual([]);
      const offline = await openIn(folder);
      await offline.append(customer.sources[0]!, [{ entityId: 'c1', timestamp: NOW, values: new Map() }]);
      await offline.close();
      const before = await readFile(join(folder, 'offline.duckdb'));
      expect((await withOfflineStoreIn(folder)).text).toContain('1 entity,');
      expect(await readFile(join(folder, 'offline.duckdb'))).toEqual(before);
    });

    it('says what to do where the registry has an entity type that the store does not', async () => {
      const folder = temporaryFolder();
      await (await openIn(folder, registry.entityType('alone', 'customer'))).close();
      await expect(withOfflineStoreIn(folder)).rejects.toThrow('--ids names a file');
    });

    it('says what to do when another process, a gateway, has it open', async () => {
      const folder = temporaryFolder();
      await (await openIn(folder)).close();
      const holder = spawn(process.execPath, [
        '--input-type=module',
        '--eval',
        `const { DuckDBInstance } = await import('@duckdb/node-api');
         await DuckDBInstance.create(${JSON.stringify(join(folder, 'offline.duckdb'))});
         console.log('open'); setInterval(() => {}, 1000);`,
      ]);
      onTestFinished(() => void holder.kill());
      await once(holder.stdout, 'data');
      await expect(withOfflineStoreIn(folder)).rejects.toThrow(
        /a gateway that runs keeps the embedded store to itself.*another process/s,
      );
    });
  });

  it('reads composite ids in any spelling, and says what is wrong with one', async () => {
    const ids = await idFile('a%2cb,c', 'a%2Cb,c');
    expect((await compare({ entityType: 'visit', ids })).text).toContain('1 entity,');
    const wrong = compare({ entityType: 'visit', ids: await idFile('a') });
    await expect(wrong).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('exits with 1 when more differs than may, and with 0 when it does not', async () => {
    const folder = temporaryFolder();
    const place = `project: ${PLACE.project}, location: ${PLACE.location}`;
    await writeFile(
      join(folder, 'customer.sql'),
      "SELECT 'c1' AS entity_id, TIMESTAMP '2001-01-01' AS event_timestamp",
    );
    await writeFile(
      join(folder, 'registry.yaml'),
      `featurestores:
  - name: shop
    onlineStore: { kind: VERTEX_LEGACY, ${place}, featurestore: old_shop }
    shadow: { onlineStore: { kind: VERTEX_FEATURE_VIEW, ${place}, featureOnlineStore: serving }, share: 0.1 }
    entityTypes:
      - name: customer
        sources:
          - sql: customer.sql
            features: [{ name: basket, valueType: DOUBLE }, { name: orders, valueType: DOUBLE }]`,
    );
    vi.stubEnv('FEATUREGRAPH_REGISTRY', join(folder, 'registry.yaml'));
    vi.stubEnv('FEATUREGRAPH_DATA_DIR', folder);
    const output = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      output.mockRestore();
      process.exitCode = undefined;
    });
    const exitCodeOf = async (threshold: string): Promise<typeof process.exitCode> => {
      const program = new Command();
      addMigrateCommands(program, (settings, context) =>
        openStore(settings, { ...context, vertexClient: world.server.clientOptions }),
      );
      const ids = await idFile('c1', 'c2', 'c3', 'c4', 'c5');
      process.exitCode = undefined;
      const command = ['migrate', 'compare', 'shop', 'customer', '--ids', ids, '--threshold', threshold];
      await program.parseAsync(command, { from: 'user' });
      return process.exitCode;
    };
    expect([await exitCodeOf('0.1'), await exitCodeOf('0.099')]).toEqual([undefined, 1]);
    expect(output.mock.calls.join('')).toContain('10.00 % differ; 9.90 % may.');
  });

  it('says what is missing: a shadow, the file, ids in it', async () => {
    const ids = await idFile('c1');
    await expect(compare({ featurestore: 'alone', ids })).rejects.toThrow('has no shadow');
    await expect(compare({ ids: '/nowhere' })).rejects.toThrow('/nowhere cannot be read');
    await expect(compare({ ids: await idFile() })).rejects.toThrow('no entity ids');
  });
});
