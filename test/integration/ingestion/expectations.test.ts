import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { importCommand } from '../../../cli/commands/import.js';
import { planText } from '../../../cli/commands/registry-changes.js';
import type { Gateway } from '../../../main.js';
import { ask } from '../../support/ask.js';
import { EXPECTING_SHOP, readQuarantine } from '../../support/expecting-shop.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) {
  written duplicates quarantined violations { row field feature kind action message } userErrors { code field row message } } }`;
const DELETE = `mutation { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: ["a"] }) {
  deleted erasedQuarantinedRows } }`;
const AT = '2020-01-01T00:00:00Z';
const SECRET = 'no-address-of-ada';

let folder: string;
let gateway: Gateway;

const start = async (): Promise<void> => {
  gateway = await startRegistryGateway(folder, { environment: { METRICS_PORT: '0' } });
};
beforeEach(async () => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), EXPECTING_SHOP);
  await start();
});
afterEach(() => gateway.stop());

const row = (entityId: string, values: Record<string, unknown>) => ({
  entityType: 'customer',
  entityId,
  timestamp: AT,
  values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
});

async function write(rows: readonly unknown[], more: object = {}) {
  return (await ask(gateway.url, WRITE, { input: { featurestore: 'shop', rows, ...more } })).writeFeatureValues;
}

async function read(entityId: string): Promise<Record<string, unknown>> {
  const { entity } = await ask(
    gateway.url,
    'query ($id: ID!) { entity(featurestore: "shop", entityType: "customer", entityId: $id) { features { name value } } }',
    { id: entityId },
  );
  return Object.fromEntries(entity.features.map(({ name, value }: any) => [name, value]));
}

async function post(rows: readonly object[], query = ''): Promise<any[]> {
  const response = await fetch(gateway.url.replace('/graphql', `/ingest/shop/customer${query}`), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: rows.map((line) => `${JSON.stringify(line)}\n`).join(''),
  });
  return (await response.text())
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
}

const metrics = async (): Promise<string> => (await fetch(gateway.metricsUrl!)).text();
const quarantine = () => readQuarantine(join(folder, 'data'));

describe('a written value that is not as the registry expects', () => {
  it('is refused, kept in the quarantine, or written with a warning, and the other rows are written', async () => {
    const answer = await write([
      row('a', { age: 151 }),
      row('a', { email: SECRET, note: 'kept' }),
      row('a', { channel: 'mail' }),
      row('b', { age: 150, email: 'b@example.com', channel: 'web' }),
    ]);
    expect(answer).toEqual({
      written: 2,
      duplicates: 0,
      quarantined: 1,
      violations: [
        {
          row: 1,
          field: ['input', 'rows', '1', 'values', '0', 'value'],
          feature: 'email',
          kind: 'PATTERN',
          action: 'QUARANTINE',
          message: expect.stringContaining('matches [^@]+@[^@]+'),
        },
        {
          row: 2,
          field: ['input', 'rows', '2', 'values', '0', 'value'],
          feature: 'channel',
          kind: 'SET',
          action: 'WARN',
          message: expect.stringContaining('one of "web", "store"'),
        },
      ],
      userErrors: [
        {
          code: 'EXPECTATION_VIOLATED',
          row: 0,
          field: ['input', 'rows', '0', 'values', '0', 'value'],
          message: 'The value of "age" is not as expected: at least 0 and at most 150.',
        },
      ],
    });
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(await read('a')).toEqual({ age: null, email: null, channel: 'mail', note: null });
    expect(await read('b')).toMatchObject({ age: '150' });
    expect(await quarantine()).toEqual([
      {
        time: expect.stringMatching(/Z$/),
        featurestore: 'shop',
        entityType: 'customer',
        violations: [{ feature: 'email', kind: 'PATTERN', action: 'QUARANTINE', message: expect.any(String) }],
        row: { entityId: 'a', timestamp: AT, values: { email: SECRET, note: 'kept' } },
      },
    ]);
  });

  it('has the same answer when the request with its idempotency key is repeated, and is kept once', async () => {
    const rows = [row('a', { email: SECRET }), row('a', { channel: 'mail' })];
    const first = await write(rows, { idempotencyKey: 'k' });
    expect(first).toMatchObject({ written: 1, quarantined: 1, violations: [{ row: 0 }, { row: 1 }] });
    expect(await write(rows, { idempotencyKey: 'k' })).toEqual(first);
    expect(await quarantine()).toHaveLength(1);
  });

  it('is in the receipts of lines', async () => {
    const lines = [
      { entityId: 'a', timestamp: AT, values: { age: -1 } },
      { entityId: 'a', timestamp: AT, values: { email: SECRET } },
      { entityId: 'a', timestamp: AT, values: { channel: 'mail' } },
      { entityId: 'a', timestamp: AT, values: { note: 'x' } },
    ];
    const receipts = await post(lines);
    expect(receipts).toEqual([
      {
        line: 1,
        status: 'REFUSED',
        code: 'EXPECTATION_VIOLATED',
        field: 'values.age',
        message: expect.stringContaining('at least 0'),
      },
      {
        line: 2,
        status: 'QUARANTINED',
        violations: [{ field: 'values.email', kind: 'PATTERN', action: 'QUARANTINE', message: expect.any(String) }],
      },
      {
        line: 3,
        status: 'WRITTEN',
        violations: [{ field: 'values.channel', kind: 'SET', action: 'WARN', message: expect.any(String) }],
      },
      { line: 4, status: 'WRITTEN' },
      { done: { lines: 4, written: 2, duplicates: 0, quarantined: 1, refused: 1 } },
    ]);
    expect(JSON.stringify(receipts)).not.toContain(SECRET);
    // Again: what was written is a duplicate and still not as expected. Only what is not served is listed.
    expect((await post(lines))[2]).toMatchObject({ status: 'DUPLICATE', violations: [{ field: 'values.channel' }] });
    expect((await post(lines, '?receipts=refused')).map(({ line, status }) => [line, status])).toEqual([
      [1, 'REFUSED'],
      [2, 'QUARANTINED'],
      [undefined, undefined],
    ]);
  });

  it('of an imported file is named with its row, and the command says so', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    onTestFinished(() => {
      vi.restoreAllMocks();
      process.exitCode = undefined;
    });
    writeFileSync(join(folder, 'in.csv'), `id,at,age,email\na,${AT},200,a@b\nb,${AT},3,${SECRET}\nc,${AT},4,c@d\n`);
    const options = ['--timestamp', 'at', '--refused', join(folder, 'refused'), '--state', join(folder, 'state')];
    const columns = ['--entity-id', 'id', '--features', 'age', 'email'];
    await importCommand()
      .exitOverride()
      .parseAsync(['shop', 'customer', join(folder, 'in.csv'), '--url', gateway.url, ...options, ...columns], {
        from: 'user',
      });
    expect(vi.mocked(console.log).mock.lastCall?.[0]).toBe(
      `1 row written, 0 were there before, 1 refused, 1 in the quarantine of the gateway (${join(folder, 'refused')}).`,
    );
    expect(process.exitCode).toBe(1);
    const refused = readFileSync(join(folder, 'refused'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(refused.map(({ status, field }) => [status, field])).toEqual([
      ['REFUSED', 'values.age'],
      ['QUARANTINED', undefined],
    ]);
  });

  it('is counted by feature and action', async () => {
    await write([row('a', { age: 151 }), row('a', { email: SECRET }), row('a', { channel: 'mail' })]);
    const text = await metrics();
    const of = 'featurestore="shop",entity_type="customer"';
    for (const [feature, action] of [
      ['age', 'REJECT'],
      ['email', 'QUARANTINE'],
      ['channel', 'WARN'],
    ]) {
      expect(text).toContain(
        `featuregraph_expectation_violations_total{${of},feature="${feature}",action="${action}"} 1\n`,
      );
    }
    expect(text).toContain(`featuregraph_written_rows_total{${of},outcome="quarantined"} 1\n`);
    expect(text).toMatch(/featuregraph_quarantine_bytes [1-9]/);
  });

  it('leaves the quarantine with its entity, also after a restart and a rename, and no other does', async () => {
    await write([row('a', { email: SECRET }), row('b', { email: `${SECRET} "a"` })]);
    await gateway.stop();
    const renamed = EXPECTING_SHOP.replace('name: customer', 'name: client\n        renamedFrom: customer');
    writeFileSync(join(folder, 'registry.yaml'), renamed);
    await start();
    const { deleteEntities } = await ask(gateway.url, DELETE.replace('"customer"', '"client"'));
    expect(deleteEntities).toEqual({ deleted: 1, erasedQuarantinedRows: '1' });
    expect((await quarantine()).map((line) => line.row.entityId)).toEqual(['b']);
  });

  it('leaves the quarantine also when the registry no longer has the old name of its entity type', async () => {
    await write([row('a', { email: SECRET, note: '"featurestore":"shop","entityType":"customer",' })]);
    const named = (name: string): void =>
      writeFileSync(join(folder, 'registry.yaml'), EXPECTING_SHOP.replace('name: customer', name));
    named('name: client\n        renamedFrom: customer');
    const apply = 'mutation { applyRegistry(input: { force: true }) { isApplied } }';
    expect((await ask(gateway.url, apply)).applyRegistry).toEqual({ isApplied: true });
    expect(await quarantine()).toMatchObject([{ entityType: 'client', row: { values: { email: SECRET } } }]);
    await gateway.stop();
    named('name: buyer\n        renamedFrom: client');
    await start();
    await gateway.stop();
    named('name: buyer');
    await start();
    const { deleteEntities } = await ask(gateway.url, DELETE.replace('"customer"', '"buyer"'));
    expect(deleteEntities).toEqual({ deleted: 1, erasedQuarantinedRows: '1' });
    expect(await quarantine()).toEqual([]);
  });

  it('is not acknowledged while the quarantine cannot be written', async () => {
    const path = join(folder, 'data/quarantine');
    renameSync(path, `${path}-away`);
    const rows = [row('a', { email: SECRET }), row('b', { note: 'x' })];
    await expect(write(rows)).rejects.toThrow('The quarantine cannot be written');
    renameSync(`${path}-away`, path);
    expect(await write(rows)).toMatchObject({ written: 0, duplicates: 1, quarantined: 1 });
  });
});

describe('the expectations of a feature', () => {
  it('are in the schema, with exact bounds and in words', async () => {
    const { featurestore } = await ask(
      gateway.url,
      `{ featurestore(name: "shop") { entityType(name: "customer") { features(first: 10) { nodes {
        name expectations { kind onViolation description min max values pattern } } } } } }`,
    );
    expect(featurestore.entityType.features.nodes.map(({ expectations }: any) => expectations)).toEqual([
      [
        {
          kind: 'RANGE',
          onViolation: 'REJECT',
          description: 'at least 0 and at most 150',
          min: '0',
          max: '150',
          values: null,
          pattern: null,
        },
      ],
      [expect.objectContaining({ kind: 'PATTERN', pattern: '[^@]+@[^@]+', min: null, values: null })],
      [expect.objectContaining({ kind: 'SET', values: ['web', 'store'], pattern: null })],
      [],
    ]);
  });

  it('can change without a restart or a computation, and a plan lists the changes', async () => {
    writeFileSync(join(folder, 'registry.yaml'), EXPECTING_SHOP.replace('max: 150', 'max: 200'));
    const PLAN = `faults breaks { path message } changes expectations removed renamed { from to }
      recomputed { featurestore entityType source rows bytes isServedMeanwhile }`;
    const { registryPlan } = await ask(gateway.url, `{ registryPlan { ${PLAN} } }`);
    expect(registryPlan).toEqual({
      faults: [],
      breaks: [],
      changes: [],
      expectations: [
        'shop.customer.age: at least 0 and at most 200 (REJECT) is expected from now on',
        'shop.customer.age: at least 0 and at most 150 (REJECT) is no longer expected',
      ],
      removed: [],
      renamed: [],
      recomputed: [],
    });
    expect(planText(registryPlan)).toContain('expect     shop.customer.age: at least 0 and at most 200');
    expect(await write([row('a', { age: 180 })])).toMatchObject({ written: 0 });
    await ask(gateway.url, 'mutation { applyRegistry(input: {}) { isApplied } }');
    expect(await write([row('a', { age: 180 })])).toMatchObject({ written: 1, userErrors: [] });
  });
});
