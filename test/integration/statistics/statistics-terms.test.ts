import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditChain } from '../../../auth/audit/audit-chain.js';
import { AuditFiles } from '../../../auth/audit/audit-files.js';
import { AuditLog } from '../../../auth/audit/audit-log.js';
import { Policy } from '../../../auth/policy/policy.js';
import { policyDocument } from '../../../auth/policy/policy-document.js';
import { findSource, row, smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { until } from '../../support/until.js';

/** The rows are in DuckDB, and the prices are those of the registry's BigQuery. */
const BIGQUERY = {
  offlineStore: { kind: 'BIGQUERY', project: 'test-project', dataset: 'features', location: 'us-central1' },
} as const;

const feature = (name: string, fields: string) =>
  `{ featurestore(name: "shop") { entityType(name: "customer") { feature(name: "${name}") { ${fields} } } } }`;
const RANGES = 'baseline: { before: "2001-09-09T01:46:25Z" }, range: { from: "2001-09-09T01:46:25Z" }';

let gateway: TestGateway;
let auditLog: AuditLog;
const folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));

beforeAll(async () => {
  const chain = new AuditChain(Buffer.alloc(32, 7));
  auditLog = new AuditLog({
    files: await AuditFiles.open(folder, 1_000_000, chain),
    chain,
    clock: () => 0n,
    isRequired: false,
    onError: () => undefined,
    limits: { flushMs: 1, retryMs: 5 },
  });
  const policy = new Policy(
    policyDocument.parse({
      rules: [
        { name: 'orders', who: 'EVERYONE', allow: ['READ'], features: ['orders_7d'] },
        { name: 'cities are seen', who: 'EVERYONE', allow: ['WRITE'], features: ['city'] },
      ],
    }),
  );
  gateway = await startTestGateway(smallRegistry(BIGQUERY), { auditLog, policy });
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    row('ann', -30, { orders_7d: 1n, city: 'Rome' }),
    row('ann', -10, { orders_7d: 2n, city: 'Bern' }),
  ]);
});
afterAll(async () => {
  await gateway.close();
  await auditLog.close();
  rmSync(folder, { recursive: true });
});

/** The accesses in the log of the operation with this name. */
async function accessesOf(operationName: string): Promise<any[]> {
  const find = () =>
    readdirSync(folder)
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .find((line) => line.operationName === operationName);
  await until(() => find() !== undefined);
  return find().accesses;
}

describe.each([
  ['statistics', (args: string) => `statistics(${args || 'topValues: 3'}) { count }`],
  ['drift', (args: string) => `drift(${RANGES} ${args}) { distance }`],
])('the terms of %s', (name, field) => {
  it('refuse a query with a higher estimate than maxCostUsd, and name the argument', async () => {
    const { data, errors } = await gateway.ask(feature('orders_7d', field('maxCostUsd: 0')));
    expect(errors).toMatchObject([{ extensions: { code: 'COST_OVER_LIMIT', field: 'maxCostUsd' } }]);
    expect(data.featurestore.entityType.feature).toEqual({ [name]: null });
  });

  it('let a query with a lower estimate run', async () => {
    const { errors } = await gateway.ask(feature('orders_7d', field('maxCostUsd: 1')));
    expect(errors).toBeUndefined();
  });

  it('note a read of the feature in the audit log', async () => {
    await gateway.ask(`query Allowed_${name} ${feature('orders_7d', field(''))}`);
    expect(await accessesOf(`Allowed_${name}`)).toEqual([
      { action: 'READ', decision: 'ALLOWED', entityType: 'shop.customer', features: ['orders_7d'] },
    ]);
  });

  it('note a refused read in the audit log, as that of a feature that the policy denies', async () => {
    const { errors } = await gateway.ask(`query Denied_${name} ${feature('city', field(''))}`);
    expect(errors).toMatchObject([{ extensions: { code: 'PERMISSION_DENIED' } }]);
    expect(await accessesOf(`Denied_${name}`)).toEqual([
      { action: 'READ', decision: 'DENIED', entityType: 'shop.customer', features: ['city'] },
    ]);
  });
});
