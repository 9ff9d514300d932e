import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainCommand } from '../../../cli/commands/explain.js';
import { recomputes, type ApiExplanation } from '../../../cli/explanation-report.js';
import type { Gateway } from '../../../main.js';
import { ask } from '../../support/ask.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';

const REGISTRY = `
featurestores:
  - name: shop
    tables: { orders: orders.csv }
    entityTypes:
      - name: customer
        ttlSeconds: 3600
        sources:
          - name: computed
            sql: orders.sql
            createdTimestampColumn: written_at
            features: [{ name: total, valueType: DOUBLE, unit: EUR }]
          - name: written
            features: [{ name: city, valueType: STRING }]
`;
const SQL = 'SELECT customer AS entity_id, ordered_at AS event_timestamp, written_at, total FROM orders';
const CSV = `customer,ordered_at,written_at,total
c1,2001-01-01T10:00:00Z,2001-01-01T10:00:01Z,1.5
c1,2001-01-01T11:00:00Z,2001-01-01T11:00:01Z,2.5
c1,2001-01-01T11:00:00Z,2001-01-01T15:00:00Z,2.75
c1,2001-01-01T12:00:00Z,2001-01-01T12:00:01Z,4.123456789012345
`;
const GOLDEN = join(import.meta.dirname, '../../golden/explain/as-of.txt');

let folder: string;
let gateway: Gateway;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-explain-'));
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  writeFileSync(join(folder, 'orders.sql'), SQL);
  writeFileSync(join(folder, 'orders.csv'), CSV);
  gateway = await startRegistryGateway(folder);
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true });
});

const run = async (...args: readonly string[]) => {
  let printed = '';
  const command = explainCommand((text) => (printed += text));
  await command.parseAsync([...args, '--url', gateway.url], { from: 'user' });
  return printed;
};
const query = async (fields: string, feature = 'total') =>
  (
    await ask(
      gateway.url,
      `{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") { features(names: ["${feature}"]) {
          value status explanation { ${fields} } } } }`,
    )
  ).entity.features[0];

describe('featuregraph explain', () => {
  it('prints the decision, the ttl, the source and the rows for a person', async () => {
    const times = ['--as-of', '2001-01-01T11:30:00Z', '--known-at', '2001-01-01T14:00:00Z'];
    const printed = await run('shop', 'customer', 'c1', 'total', ...times);
    await expect(printed).toMatchFileSnapshot(GOLDEN);
  });

  it('says when the value has expired and how it came online', async () => {
    const printed = await run('shop', 'customer', 'c1', 'total', '--rows', '2');
    expect(printed).toContain('value       null (EXPIRED)');
    expect(printed).toContain('expired after 2001-01-01T13:00:00Z');
    expect(printed).toMatch(/online {6}the gateway computed it by SQL, \d{4}-/);
    expect(printed).toContain('Computed again from these rows: the same value.');
  });

  it('explains an entity without a row', async () => {
    const printed = await run('shop', 'customer', 'nobody', 'total', '--strictly-before');
    expect(printed).toContain('value       null (NOT_FOUND)');
    expect(printed).toContain('No row counts.');
  });

  it('refuses an unknown feature with the message of the gateway', async () => {
    await expect(run('shop', 'customer', 'c1', 'totals')).rejects.toThrow('The gateway refused this');
    await expect(run('shop', 'customer', 'c1', 'total', '--rows', '1')).rejects.toThrow('from 2 to 50');
  });

  it('finds out when the rows do not give the value', async () => {
    const rows = 'rows { outcome rule value timestamp createdTimestamp sequence arrival file }';
    const { explanation } =
      await query(`status value timestamp difference asOf knownAt strictlyBefore isDense rule ${rows}
      candidates withoutValue afterAsOf writtenAfterKnownAt ageSeconds ttlSeconds validUntil source { isStatic }`);
    const of = explanation as ApiExplanation;
    expect(recomputes(of)).toBe(true);
    expect(recomputes({ ...of, rows: of.rows.slice(1) })).toBe(false);
    expect(recomputes({ ...of, ttlSeconds: null })).toBe(false);
  });
});

describe('the source and the origin of a value', () => {
  it('are the SQL with its files, and the refresh, of a computed source', async () => {
    const { explanation } = await query(
      'source { name kind sqlFile tables { name files } } online { kind at job { id } }',
    );
    expect(explanation.source).toEqual({
      name: 'computed',
      kind: 'SQL',
      sqlFile: 'orders.sql',
      tables: [{ name: 'orders', files: 'orders.csv' }],
    });
    // A start computes without a job.
    expect(explanation.online).toEqual({ kind: 'REFRESH', at: expect.any(String), job: null });
  });

  it('are the client, and the creation time, of a write', async () => {
    const data = await ask(
      gateway.url,
      `mutation { writeFeatureValues(input: { featurestore: "shop", rows: [{ entityType: "customer", entityId: "c1",
          timestamp: "${new Date().toISOString()}", values: [{ feature: "city", value: "Bern" }] }] }) { written } }`,
    );
    expect(data.writeFeatureValues.written).toBe(1);
    const { value, explanation } = await query(
      'difference rows { createdTimestamp } source { kind sqlFile tables { name } } online { kind at job { id } }',
      'city',
    );
    expect(value).toBe('Bern');
    expect(explanation).toEqual({
      difference: null,
      rows: [{ createdTimestamp: expect.any(String) }],
      source: { kind: 'WRITES', sqlFile: null, tables: [] },
      online: { kind: 'WRITE', at: explanation.rows[0].createdTimestamp, job: null },
    });
  });

  it('have the job of a refresh', async () => {
    writeFileSync(join(folder, 'orders.csv'), `${CSV}c1,2001-01-01T12:30:00Z,2001-01-01T12:30:00Z,5.5\n`);
    const data = await ask(
      gateway.url,
      `mutation { refreshSource(input: { featurestore: "shop", entityType: "customer" }) { job { id } } }`,
    );
    const { id } = data.refreshSource.job;
    await expect
      .poll(async () => (await ask(gateway.url, `{ job(id: "${id}") { state } }`)).job.state, { timeout: 30_000 })
      .toBe('SUCCEEDED');
    const { explanation } = await query('rows { value } online { kind job { id } }');
    expect(explanation.rows[0].value).toBe(5.5);
    expect(explanation.online).toEqual({ kind: 'REFRESH', job: { id } });
  });
});
