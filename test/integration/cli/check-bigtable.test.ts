import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bigtable } from '@google-cloud/bigtable';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { BigtableSettings } from '../../../datasources/registry/model.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { runCheck } from '../../support/run-check.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describeWithBigtable('featuregraph check, of an online store in Bigtable', () => {
  let emulator: BigtableEmulator;
  let settings: BigtableSettings;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    settings = await createTable(emulator.endpoint);
  });
  afterAll(() => emulator.stop());

  const storeOf = ({ project, instance, table, columnFamily }: BigtableSettings): string =>
    `{ kind: BIGTABLE, project: ${project}, instance: ${instance}, table: ${table}, columnFamily: ${columnFamily} }`;

  const check = async (folder: string): Promise<string> => {
    // The check restores the environment after itself.
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
    return (await runCheck(join(folder, 'registry.yaml'), join(folder, 'data'))).text;
  };

  const rowsOf = async (): Promise<unknown> => {
    const client = new Bigtable({ projectId: settings.project, apiEndpoint: emulator.endpoint, metricsEnabled: false });
    const [rows] = await client.instance(settings.instance).table(settings.table).getRows();
    await client.close();
    return rows.map(({ id, data }) => ({ id, data: data as unknown }));
  };

  it('says that a start fills it, and why, and writes nothing into it', async () => {
    const folder = temporaryFolder();
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
    const gateway = await startShopGateway(folder, { onlineStore: storeOf(settings) });
    await gateway.stop();
    const filled = await rowsOf();
    expect(await check(folder)).not.toContain('fills');

    const path = join(folder, 'registry.yaml');
    const registry = readFileSync(path, 'utf8');
    writeFileSync(path, registry.replace('- name: customer', '- name: customer\n        dense: true'));
    expect(await check(folder)).toContain('ok       a start fills the online store of shop.customer ("dense" changed)');

    const other = await createTable(emulator.endpoint);
    writeFileSync(path, registry.replace(settings.table, other.table));
    expect(await check(folder)).toContain('a start fills the online store of shop.customer (never filled');
    expect(await rowsOf()).toEqual(filled);

    writeFileSync(path, registry.replace(settings.table, 'missing'));
    expect(await check(folder)).toMatch(/warning {2}whether a start fills the online store of shop is not known: /);
  });
});
