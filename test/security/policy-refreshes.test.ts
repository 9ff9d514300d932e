import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { POLICY, startPolicedGateway, type PolicedGateway, type Who } from '../support/policed-gateway.js';
import { until } from '../support/until.js';

const EXPECTED = 'expected@secret.example';

const registry = (files: string) => `
featurestores:
  - name: shop
    tables: { rows: { file: '${join(files, 'rows.csv')}', timeZone: UTC } }
    entityTypes:
      - name: customer
        sources:
          - name: computed
            sql: ${join(files, 'rows.sql')}
            timestampColumn: moment
            onRepeatedTime: WARN
            features:
              - { name: orders, valueType: INT64, expectations: [{ max: 5, onViolation: WARN }] }
              - { name: email, valueType: STRING, sensitivity: PERSONAL, expectations: [{ in: ['${EXPECTED}'], onViolation: WARN }] }
`;
const RULES = `${POLICY}
  - { name: all see jobs, who: EVERYONE, allow: [SEE_JOBS] }
`;

let files: string;
let shop: PolicedGateway;
let job: string;

beforeAll(async () => {
  files = mkdtempSync(join(tmpdir(), 'featuregraph-refreshes-'));
  writeFileSync(join(files, 'rows.sql'), 'SELECT id AS entity_id, moment, orders, email FROM rows');
  const write = (rows: readonly string[]) =>
    writeFileSync(join(files, 'rows.csv'), ['id,moment,orders,email', ...rows, ''].join('\n'));
  write([`acme:1,2001-01-01T00:00:00Z,1,${EXPECTED}`]);
  shop = await startPolicedGateway({}, registry(files), RULES);
  write(['acme:1', 'beta:1', 'beta:1'].map((id) => `${id},2001-01-02T00:00:00Z,9,other@secret.example`));
  const { data } = await shop.ask(
    'admin',
    'mutation { refreshSource(input: { featurestore: "shop", entityType: "customer" }) { job { id } userErrors { message } } }',
  );
  job = data.refreshSource.job.id;
  await until(async () => (await shop.ask('admin', `{ job(id: "${job}") { state } }`)).data.job.state === 'SUCCEEDED');
});
afterAll(async () => {
  await shop.close();
  rmSync(files, { recursive: true });
});

async function violations(who: Who) {
  const query = `{ job(id: "${job}") { ... on SourceRefreshJob { violations { feature kind rows examples { entityId } } } } }`;
  const { data, text } = await shop.ask(who, query);
  expect(text).not.toContain('secret.example');
  return data.job.violations.map(
    ({ feature, rows, examples }: { feature: string | null; rows: string; examples: { entityId: string }[] }) =>
      `${feature} ${rows}: ${examples.map(({ entityId }) => entityId).join(' ')}`,
  );
}

it("the violations of another's refresh are of features that the client may know, and name entities that it may read", async () => {
  expect(await violations('admin')).toEqual([
    'orders 3: acme:1 beta:1 beta:1',
    'email 3: acme:1 beta:1 beta:1',
    'null 2: beta:1',
  ]);
  expect(await violations('ann')).toEqual(['orders 3: acme:1 beta:1 beta:1', 'null 2: beta:1']);
  expect(await violations('acme')).toEqual(['orders 3: acme:1', 'email 3: acme:1', 'null 2: ']);
  expect(await violations('nobody')).toEqual([]);
});
