import { onTestFinished, expect, it } from 'vitest';
import { startPolicedGateway, type PolicedGateway, type Who } from '../../support/policed-gateway.js';
import { WRITE_VALUES } from '../../support/written-shop.js';

const statistics = (ranges = '', feature = 'orders'): string =>
  `{ featurestore(name: "shop") { entityType(name: "customer") { feature(name: "${feature}") { statistics${ranges} { count mean } } } } }`;

async function start(): Promise<PolicedGateway> {
  const gateway = await startPolicedGateway({ METRICS_PORT: '0' });
  onTestFinished(() => gateway.close());
  return gateway;
}

async function countOf(gateway: PolicedGateway, who: Who, query = statistics()): Promise<unknown> {
  const { data, errors } = await gateway.ask(who, query);
  return errors?.[0]?.extensions.code ?? data.featurestore.entityType.feature.statistics.count;
}

async function write(gateway: PolicedGateway, timestamp: string, orders: number): Promise<void> {
  const values = [{ feature: 'orders', value: String(orders) }];
  const rows = [{ entityType: 'customer', entityId: 'acme:1', timestamp, values }];
  const { data } = await gateway.ask('admin', WRITE_VALUES, { input: { featurestore: 'shop', rows } });
  expect(data.writeFeatureValues.userErrors).toEqual([]);
}

async function answers({ gateway }: PolicedGateway): Promise<Record<string, number>> {
  const text = await (await fetch(gateway.metricsUrl!)).text();
  const found = text.matchAll(/^featuregraph_statistics_total\{answer="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, answer, count]) => [answer, Number(count)]));
}

it('statistics of an unchanged history are computed once, for a range, filter and policy', async () => {
  const gateway = await start();
  await write(gateway, '2024-01-01T00:00:00Z', 1);
  for (let round = 0; round < 3; round += 1) expect(await countOf(gateway, 'ann')).toBe('1');
  expect(await answers(gateway)).toEqual({ computed: 1, kept: 2 });
  const range = '(range: { before: "2023-01-01T00:00:00Z" })';
  for (let round = 0; round < 2; round += 1) expect(await countOf(gateway, 'ann', statistics(range))).toBe('0');
  expect(await answers(gateway)).toEqual({ computed: 2, kept: 3 });
  // Another principal has another policy, and one that may not read the feature gets nothing of what is kept.
  expect(await countOf(gateway, 'admin')).toBe('1');
  expect(await answers(gateway)).toEqual({ computed: 3, kept: 3 });
  expect(await countOf(gateway, 'acme')).toBe('PERMISSION_DENIED');
  expect(await answers(gateway)).toEqual({ computed: 3, kept: 3 });
});

it('a write and a deletion are in the next statistics', async () => {
  const gateway = await start();
  for (let row = 1; row <= 5; row += 1) {
    await write(gateway, `2024-01-0${row}T00:00:00Z`, row);
    for (let round = 0; round < 2; round += 1) expect(await countOf(gateway, 'ann')).toBe(String(row));
  }
  expect(await answers(gateway)).toEqual({ computed: 5, kept: 5 });
  const remove =
    'mutation { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: ["acme:1"] }) { userErrors { message } } }';
  expect((await gateway.ask('admin', remove)).data.deleteEntities.userErrors).toEqual([]);
  expect(await countOf(gateway, 'ann')).toBe('0');
});

it('a range up to now is not kept while rows of the future would come into it', async () => {
  const gateway = await start();
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  await write(gateway, '2024-01-01T00:00:00Z', 1);
  await write(gateway, soon, 2);
  for (let round = 0; round < 2; round += 1) expect(await countOf(gateway, 'ann')).toBe('1');
  expect(await answers(gateway)).toEqual({ computed: 2 });
  const past = '(range: { before: "2024-06-01T00:00:00Z" })';
  for (let round = 0; round < 2; round += 1) expect(await countOf(gateway, 'ann', statistics(past))).toBe('1');
  expect(await answers(gateway)).toEqual({ computed: 3, kept: 1 });
});
