import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migratePlan, type MigratePlanOptions } from '../../../migrate/cli/migrate-plan.js';
import { registryDocument, type FeaturestoreInput } from '../../../datasources/registry/document/document.js';
import { findFaults } from '../../../datasources/registry/document/find-faults.js';
import { VertexClients } from '../../../datasources/google/vertex/vertex-clients.js';
import { parseInstant } from '../../../values/instant.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../../support/google/vertex-world.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const GOLDEN = join(import.meta.dirname, '../../cases/migrate/shop.md');

let world: VertexWorld;
beforeAll(async () => {
  world = await startVertexWorld();
  world.legacy.addFeaturestore('shop', {
    labels: { team: 'sales' },
    onlineServingConfig: { scaling: { minNodeCount: 1, maxNodeCount: 4 } },
    onlineStorageTtlDays: 30,
  });
  world.legacy.addEntityType('shop', 'customer', {
    resource: { description: "A shop's customer.", monitoringConfig: { snapshotAnalysis: { disabled: false } } },
    features: {
      orders_7d: { valueType: 'INT64', description: 'Orders of a week.', labels: { owner: 'sales' } },
      mean_basket: 'DOUBLE',
      cities: 'STRING_ARRAY',
      address: 'STRUCT',
      [`x${'y'.repeat(64)}`]: 'BOOL',
    },
  });
  world.legacy.addEntityType('shop', 'page', { features: { seconds: 'DOUBLE', picture: 'BYTES' } });
  world.legacy.addEntityType('shop', 'draft', { features: {} });
});
afterAll(() => world.server.stop());

const registryOf = (text: string): FeaturestoreInput => {
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  return (parse(yaml) as { featurestores: FeaturestoreInput[] }).featurestores[0]!;
};

const plan = (
  featurestore = 'shop',
  now = '2026-11-24T09:00:00Z',
  options: Partial<MigratePlanOptions> = { onlineStore: 'serving' },
) =>
  migratePlan(
    { ...PLACE, featurestore, dataset: 'features', datasetLocation: 'EU', ...options },
    new VertexClients(PLACE.location, world.server.clientOptions),
    () => parseInstant(now),
  );

describe('featuregraph migrate plan', () => {
  it('prints the export, the tables, the feature groups and views, the registry, and what cannot move', async () => {
    await expect(await plan()).toMatchFileSnapshot(GOLDEN);
  });

  it('prints a registry that is one', async () => {
    const featurestore = registryOf(await plan());
    expect(featurestore.offlineStore).toEqual({
      kind: 'BIGQUERY',
      project: 'demo-project',
      dataset: 'features',
      location: 'EU',
    });
    expect(findFaults(registryDocument.parse({ featurestores: [featurestore] }))).toEqual([]);
  });

  it('quotes for the shell what descriptions say', async () => {
    expect(await plan()).toContain(`"A shop'\\''s customer."`);
  });

  it('moves features that are called as words of SQL, and lists those whose names no table or schema can have', async () => {
    const kept = ['order', 'group', 'select', 'type', 'mean_basket'];
    const stay = ['sequence', 'created_timestamp', 'entity_id', 'feature_timestamp', '_partitiontime', '_table_x'];
    world.legacy.addFeaturestore('odd');
    world.legacy.addEntityType('odd', 'customer', {
      features: Object.fromEntries([...kept, ...stay].map((name) => [name, 'INT64'])),
    });
    const text = await plan('odd');
    const featurestore = registryOf(text);
    expect(featurestore.entityTypes[0]!.sources[0]!.features.map(({ name }) => name)).toEqual(kept);
    expect(findFaults(registryDocument.parse({ featurestores: [featurestore] }))).toEqual([]);
    for (const name of kept) expect(text).toContain(`\`${name}\``);
    for (const name of stay) expect(text).toMatch(new RegExp(`^- Feature customer.${name} .* name`, 'm'));
  });

  it('says which names would be one in the typed schema, as a gateway would refuse them', async () => {
    world.legacy.addFeaturestore('twins');
    world.legacy.addEntityType('twins', 'customer', { features: { mean_basket: 'DOUBLE', mean__basket: 'DOUBLE' } });
    expect(await plan('twins')).toMatch(/^- The registry is refused as it stands: .*mean__basket.*"meanBasket"/m);
    expect(await plan()).not.toContain('refused');
  });

  it('keeps two featurestores with an entity type of one name apart by a prefix', async () => {
    world.legacy.addFeaturestore('branch');
    world.legacy.addEntityType('branch', 'customer', { features: { orders_7d: 'INT64' } });
    const text = await plan('branch', '2026-11-24T09:00:00Z', { onlineStore: 'serving', prefix: 'branch_' });
    const named = (of: string) =>
      [...of.matchAll(/bq:\/\/\S+?"|CREATE TABLE `\S+`|feature(?:Group|View)Id=\w+/g)].map(([name]) => name);
    expect(named(text).length).toBeGreaterThanOrEqual(5);
    expect(named(await plan()).filter((name) => named(text).includes(name))).toEqual([]);
    const featurestore = registryOf(text);
    expect(findFaults(registryDocument.parse({ featurestores: [featurestore] }))).toEqual([]);
    expect(featurestore).toMatchObject({
      shadow: { onlineStore: { views: { customer: 'branch_customer' } } },
      entityTypes: [{ name: 'customer', sources: [{ bigQueryTable: 'branch_customer__values' }] }],
    });
  });

  it('refuses a prefix that makes a name too long', async () => {
    await expect(plan('shop', undefined, { prefix: 'x'.repeat(53) })).rejects.toThrow('longer than 60');
  });

  it('counts the days that are left', async () => {
    expect(await plan('shop', '2027-02-15T23:00:00Z')).toContain('1 day is left');
    expect(await plan('shop', '2027-02-17T00:00:00Z')).toContain('Its API ended on 2027-02-17.');
  });

  it('changes nothing', async () => {
    world.server.calls.length = 0;
    await plan();
    expect(new Set(world.server.calls.map(({ method }) => method))).toEqual(
      new Set(['GetFeaturestore', 'ListEntityTypes', 'ListFeatures']),
    );
  });

  it('says what is wrong when the featurestore cannot be read', async () => {
    await expect(plan('gone')).rejects.toThrow(/featurestore gone of project demo-project.*NOT_FOUND/s);
  });
});

/** curl, gcloud and sleep are the test's; the shell and all else is real. */
describe('the shell blocks of a plan', () => {
  const CURL = `#!/bin/sh
echo "$*" | tr -d '\\n' >> "$LOG"; echo >> "$LOG"
case "$*" in
  *refused*) echo '{ "error": { "code": 400 } }'; exit 22;;
  */operations/*) n=$(cat "$LOG.polls" 2> /dev/null || echo 0); echo $((n + 1)) > "$LOG.polls"
    [ $((n % 2)) = 0 ] && echo '{ "name": "projects/1/operations/7" }' && exit
    [ -n "$FAILS" ] && echo '{ "name": "projects/1/operations/7", "done": true, "error": { "code": 9 } }' && exit
    echo '{ "name": "projects/1/operations/7", "done": true, "response": {} }';;
  *) printf '{\\n  "name": "projects/1/featureGroups/x/operations/7",\\n  "metadata": {}\\n}\\n';;
esac
`;

  async function run(blocks: number, env: Record<string, string> = {}) {
    const folder = temporaryFolder();
    for (const [name, script] of [
      ['curl', CURL],
      ['gcloud', '#!/bin/sh\necho token'],
      ['sleep', '#!/bin/sh\n'],
    ] as const) {
      await writeFile(join(folder, name), script, { mode: 0o755 });
    }
    const text = await plan();
    const scripts = [...text.matchAll(/```sh\n(.*?)```/gs)].slice(0, blocks).map(([, script]) => script);
    const log = join(folder, 'log');
    const { status, stderr } = spawnSync('sh', ['-c', scripts.join('\n')], {
      cwd: folder,
      env: { PATH: `${folder}:${process.env.PATH}`, LOG: log, ...env },
      encoding: 'utf8',
    });
    const calls = (await readFile(log, 'utf8')).trim().split('\n');
    return { status, stderr, calls: calls.map((call) => (call.includes('/operations/') ? 'wait' : 'start')) };
  }

  it('start all exports, wait for each, and make one thing after another, each when the one before it is there', async () => {
    const { status, stderr, calls } = await run(2);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const one = ['start', 'wait', 'wait'];
    expect(calls).toEqual(['start', 'start', ...Array(4).fill('wait'), ...Array(7).fill(one).flat()]);
  });

  it('stop at what failed, and say why', async () => {
    const { status, stderr, calls } = await run(2, { FAILS: 'yes' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('"code": 9');
    expect(calls).toEqual(['start', 'start', 'wait', 'wait', 'start', 'wait', 'wait']);
  });
});
