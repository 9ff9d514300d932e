import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPolicedGateway, type PolicedGateway, type Who } from '../../support/policed-gateway.js';

let shop: PolicedGateway;
beforeAll(async () => {
  shop = await startPolicedGateway();
});
afterAll(() => shop.close());

const lineage = (who: Who, id: string) =>
  shop.ask(
    who,
    `query ($id: ID!) { lineage(id: $id) { nodes { kind name object { __typename id } } edges { from to } isComplete } }`,
    { id },
  );
const feature = (name: string) => `featurestores/shop/entityTypes/customer/features/${name}`;

describe('lineage', () => {
  it('has a feature with its source', async () => {
    const { data, errors } = await lineage('ann', feature('orders'));
    expect(errors).toBeUndefined();
    expect(data.lineage).toEqual({
      nodes: [
        { kind: 'FEATURE', name: 'orders', object: { __typename: 'Feature', id: feature('orders') } },
        { kind: 'SOURCE', name: 'orders', object: null },
      ],
      edges: [{ from: 'source:shop/customer/orders', to: feature('orders') }],
      isComplete: true,
    });
  });

  it('knows no feature that the client may not see, as no other object', async () => {
    const hidden = await lineage('ann', feature('email'));
    const unknown = await lineage('ann', feature('nothing'));
    for (const { data, errors } of [hidden, unknown]) {
      expect(data).toBeNull();
      expect(errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'id' });
    }
    expect(hidden.errors![0]!.message.replace('email', 'nothing')).toBe(unknown.errors![0]!.message);
    expect((await lineage('ann', 'jobs/unknown')).errors![0]!.extensions.code).toBe('JOB_NOT_FOUND');
  });
});
