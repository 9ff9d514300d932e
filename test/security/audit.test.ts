import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuditChain } from '../../auth/audit/audit-chain.js';
import { readAuditKey } from '../../auth/audit/audit-files.js';
import { verifyAudit } from '../../auth/audit/verify-audit.js';
import { startPolicedGateway, type PolicedGateway } from '../support/policed-gateway.js';
import { until } from '../support/until.js';

let shop: PolicedGateway;
beforeAll(async () => {
  shop = await startPolicedGateway();
});
afterAll(() => shop.close());

const lines = (): any[] =>
  readdirSync(join(shop.folder, 'audit'))
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) =>
      readFileSync(join(shop.folder, 'audit', name), 'utf8')
        .trim()
        .split('\n'),
    )
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

it('the audit log has who did what, what was denied, and neither values nor ids', async () => {
  const chain = new AuditChain(await readAuditKey(join(shop.folder, 'audit/key')));
  const hash = chain.hashId('shop.customer', 'acme:7');
  const row = (entityId: string) => ({
    entityType: 'customer',
    entityId,
    timestamp: '2001-01-01T00:00:00Z',
    values: [{ feature: 'email', value: 'zoe@secret.example' }],
  });
  const write =
    'mutation W($rows: [WrittenRowInput!]!) { writeFeatureValues(input: { featurestore: "shop", rows: $rows }) { written } }';
  await shop.ask('acme', write, { rows: [row('acme:7'), row('beta:7')] });
  const read = `query Board { entity(featurestore: "shop", entityType: "customer", entityId: "acme:7", asOf: "2002-01-01T00:00:00Z") {
    features(names: ["city", "email"]) { value } } }`;
  await shop.ask('ann', read);
  await shop.ask('ann', 'mutation { applyRegistry { isApplied } }');
  await shop.ingest('admin', 'customer', [
    { entityId: 'acme:8', timestamp: '2001-01-01T00:00:00Z', values: { city: 'Bern' } },
  ]);
  await shop.ask('nobody', '{ viewer { name } }');
  await until(() => lines().length >= 4);
  await sleep(300);
  const found = lines();
  expect(found.map(({ principal, operation, operationName }) => [principal, operation, operationName])).toEqual([
    ['key:acme', 'MUTATION', 'W'],
    ['key:ann', 'QUERY', 'Board'],
    ['key:ann', 'MUTATION', null],
    ['key:admin', 'INGEST', null],
  ]);
  const [written, board, apply] = found;
  expect(written.accesses).toEqual([
    {
      action: 'WRITE',
      decision: 'DENIED',
      entityType: 'shop.customer',
      features: ['email'],
      rows: 0,
      entityIds: [chain.hashId('shop.customer', 'beta:7')],
    },
    {
      action: 'WRITE',
      decision: 'ALLOWED',
      entityType: 'shop.customer',
      features: ['email'],
      rows: 1,
      entityIds: [hash],
    },
  ]);
  expect(board.accesses).toEqual([
    {
      action: 'READ',
      decision: 'ALLOWED',
      entityType: 'shop.customer',
      features: ['city'],
      asOf: ['2002-01-01T00:00:00Z'],
      rows: 1,
      entityIds: [hash],
    },
    { action: 'READ', decision: 'DENIED', entityType: 'shop.customer', features: ['email'], entityIds: [hash] },
  ]);
  expect([board.cost, board.bytes].every((number) => number > 0)).toBe(true);
  expect(apply.accesses).toEqual([{ action: 'APPLY_REGISTRY', decision: 'DENIED' }]);
  expect(JSON.stringify(found)).not.toMatch(/secret|acme:|Bern/);
  expect((await verifyAudit(join(shop.folder, 'audit'), chain)).faults).toEqual([]);
});
