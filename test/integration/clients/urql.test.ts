import { gql } from '@urql/core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createUrqlClient } from '../../../examples/clients/urql.js';
import type { TestGateway } from '../../support/test-gateway.js';
import { CUSTOMERS, MANY_ORDERS, recordRequests, startShop } from './shop.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startShop();
});
afterAll(() => gateway.close());
afterEach(() => vi.restoreAllMocks());

const ORDERS = gql`
  query Orders($ids: [ID!]!) {
    shop {
      id
      customers(entityIds: $ids) {
        id
        orders7d
      }
    }
  }
`;

describe('urql with its defaults', () => {
  it('asks by GET and gets all digits', async () => {
    const sent = recordRequests();
    const { data, error } = await createUrqlClient(gateway.url).query(ORDERS, { ids: CUSTOMERS });
    expect(error).toBeUndefined();
    expect(data.shop.customers.map(({ orders7d }: any) => orders7d)).toEqual(
      CUSTOMERS.map((_, index) => String(MANY_ORDERS + BigInt(index))),
    );
    expect(sent.map(({ method }) => method)).toEqual(['GET']);
  });

  it('asks by POST when the query is too long for a URL', async () => {
    const sent = recordRequests();
    const ids = Array.from({ length: 1000 }, (_, index) => `customer-${index}`);
    const { data, error } = await createUrqlClient(gateway.url).query(ORDERS, { ids });
    expect(error).toBeUndefined();
    expect(data.shop.customers).toHaveLength(1000);
    expect(sent.map(({ method }) => method)).toEqual(['POST']);
  });

  it('answers again from its cache', async () => {
    const sent = recordRequests();
    const client = createUrqlClient(gateway.url);
    const first = await client.query(ORDERS, { ids: ['c1'] });
    expect((await client.query(ORDERS, { ids: ['c1'] })).data).toEqual(first.data);
    expect(sent).toHaveLength(1);
  });

  it('gets errors with their codes, and sends mutations by POST', async () => {
    const sent = recordRequests();
    const client = createUrqlClient(gateway.url);
    const { error } = await client.query(
      gql`
        query {
          featurestore(name: "none") {
            id
          }
        }
      `,
      {},
    );
    expect(error?.graphQLErrors[0]?.extensions).toMatchObject({ code: 'FEATURESTORE_NOT_FOUND', field: 'name' });
    const { data } = await client.mutation(
      gql`
        mutation {
          cancelJob(input: { id: "jobs/none" }) {
            job {
              id
            }
            userErrors {
              code
              field
            }
          }
        }
      `,
      {},
    );
    expect(data.cancelJob.userErrors).toMatchObject([{ code: 'JOB_NOT_FOUND', field: ['input', 'id'] }]);
    expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });
});
