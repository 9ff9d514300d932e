import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPolicedGateway, type PolicedGateway, type Who } from '../support/policed-gateway.js';

const SECRET = 'zoe@secret.example';

let shop: PolicedGateway;
beforeAll(async () => {
  shop = await startPolicedGateway();
  const values = Object.entries({ orders: '7', email: SECRET }).map(([feature, value]) => ({ feature, value }));
  const rows = ['acme:1', 'beta:1'].map((entityId) => ({
    entityType: 'customer',
    entityId,
    timestamp: '2001-01-01T00:00:00Z',
    values,
  }));
  const { data } = await shop.ask(
    'admin',
    'mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written } }',
    { input: { featurestore: 'shop', rows } },
  );
  expect(data.writeFeatureValues.written).toBe(2);
});
afterAll(() => shop.close());

const explanationOf = async (who: Who, feature: string, entityId: string, asOf = '') => {
  const { data, errors, text } = await shop.ask(
    who,
    `{ entity(featurestore: "shop", entityType: "customer", entityId: "${entityId}"${asOf}) {
        features(names: ["${feature}"]) { status explanation { candidates rows { value } } }
        history(feature: "${feature}") { nodes { status explanation { candidates rows { value } } } } } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.entity.history.nodes[0].explanation).toEqual(data.entity.features[0].explanation);
  return { ...data.entity.features[0], text };
};

describe('the explanation of a value', () => {
  it.each(['', ', asOf: "2002-01-01T00:00:00Z"'])(
    'is null for a feature that the principal may not read of the entity%s',
    async (asOf) => {
      for (const [who, feature, entityId] of [
        ['ann', 'email', 'acme:1'],
        ['acme', 'email', 'beta:1'],
        ['nobody', 'orders', 'acme:1'],
        // Whether an entity exists is not told either.
        ['acme', 'orders', 'unknown:1'],
      ] as const) {
        const { status, explanation, text } = await explanationOf(who, feature, entityId, asOf);
        expect([who, status, explanation]).toEqual([who, 'DENIED', null]);
        expect(text).not.toContain(SECRET);
      }
    },
  );

  it('has the rows for those who may read the value', async () => {
    expect((await explanationOf('ann', 'orders', 'acme:1')).explanation).toEqual({
      candidates: '1',
      rows: [{ value: '7' }],
    });
    expect((await explanationOf('acme', 'email', 'acme:1')).explanation.rows).toEqual([{ value: SECRET }]);
  });
});
