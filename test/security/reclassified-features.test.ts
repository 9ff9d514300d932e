import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startPolicedGateway, TRANSPORTS, type PolicedGateway } from '../support/policed-gateway.js';
import { until } from '../support/until.js';

const POLICY = `
rules:
  - { name: admins, who: { groups: [admin] }, allow: [READ, WRITE] }
  - { name: admins apply, who: { groups: [admin] }, allow: [APPLY_REGISTRY] }
  - { name: analysts read what is not personal, who: { groups: [analyst] }, allow: [READ, WRITE], sensitivity: [INTERNAL] }
`;

let shop: PolicedGateway;
beforeEach(async () => {
  shop = await startPolicedGateway({}, undefined, POLICY);
});
afterEach(() => shop.close());

let day = 0;
async function write(city: string): Promise<void> {
  day += 1;
  const timestamp = `2001-03-${String(day).padStart(2, '0')}T00:00:00Z`;
  await shop.ingest('admin', 'customer', [{ entityId: 'c1', timestamp, values: { city, orders: String(day) } }]);
}

async function apply(from: string, to: string): Promise<void> {
  const path = join(shop.folder, 'registry.yaml');
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
  const { data } = await shop.ask('admin', 'mutation { applyRegistry(input: { force: true }) { isApplied } }');
  expect(data.applyRegistry.isApplied).toBe(true);
}

it.each(TRANSPORTS)('a feature that becomes personal is DENIED in the next event over %s', async (transport) => {
  await write('Bern');
  const seen: any[] = [];
  let end = (): void => undefined;
  const over = shop.follow(
    transport,
    'ann',
    `subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["c1"]) {
      entities { features(names: ["orders", "city"]) { value status } } written { name value } } }`,
    (result, stop) => {
      end = stop;
      seen.push(result.data.featureValues);
    },
  );
  await until(() => JSON.stringify(seen).includes('Bern'));
  await apply('{ name: city, valueType: STRING }', '{ name: city, valueType: STRING, sensitivity: PERSONAL }');
  await write('Vevey');
  await until(() => seen.length > 1);
  end();
  await over;
  expect(seen.at(-1)).toEqual({
    entities: [
      {
        features: [
          { value: String(day), status: 'PRESENT' },
          { value: null, status: 'DENIED' },
        ],
      },
    ],
    written: [{ name: 'orders', value: String(day) }],
  });
});
