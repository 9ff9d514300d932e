import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPolicedGateway, writeCustomers, type PolicedGateway, type Who } from '../support/policed-gateway.js';

let shop: PolicedGateway;
beforeAll(async () => {
  shop = await startPolicedGateway({ FEATUREGRAPH_GRAPHIQL: 'true' });
  await writeCustomers(shop, { orders: '7', email: 'zoe@secret.example' });
});
afterAll(() => shop.close());

async function examplesOf(who: Who): Promise<string> {
  const response = await fetch(new URL('/console/examples.json', shop.url), { headers: shop.headersOf(who) });
  expect(response.status).toBe(200);
  return response.text();
}

it('the examples of the page have names and ids only of what the client may read of all entities', async () => {
  expect(await examplesOf('admin')).toMatch(/"registry":"shop,plans".*(acme|beta):1.*email/s);
  const ofAnalyst = await examplesOf('ann');
  expect(ofAnalyst).toMatch(/"registry":"shop".*(acme|beta):1.*orders/s);
  expect(ofAnalyst).not.toMatch(/email|margin|plans|merger/);
  expect(await examplesOf('acme')).not.toMatch(/acme:1|beta:1|email|plans/);
  expect(await examplesOf('nobody')).not.toMatch(/shop|customer|acme|orders|plans/);
});
