import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type DocumentNode } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { getNamedType, getNullableType, isListType, isObjectType, type GraphQLObjectType } from 'graphql';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApolloClient, typePolicies } from '../../../examples/clients/apollo.js';
import possibleTypesOfFlights from '../../../examples/flights/generated/possible-types.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { buildSchema } from '../../../resolvers/build-schema.js';
import { CountableWork } from '../../support/countable-work.js';
import type { TestGateway } from '../../support/test-gateway.js';
import { CUSTOMERS, MANY_ORDERS, possibleTypesOf, recordRequests, startShop } from './shop.js';

let gateway: TestGateway;
let work: CountableWork;
beforeAll(async () => {
  work = new CountableWork('TRAINING_SET');
  gateway = await startShop({ handlers: [work] });
});
afterAll(() => gateway.close());
afterEach(() => vi.restoreAllMocks());

const connect = () => createApolloClient(gateway.url, possibleTypesOf(gateway.schema));

/** Components of a page: each has its query, and keeps what it last got. */
async function render(client: ApolloClient, queries: readonly DocumentNode[]): Promise<any[]> {
  const shown: any[] = queries.map(() => undefined);
  const subscriptions = queries.map((query, index) =>
    client.watchQuery({ query }).subscribe(({ data, dataState }) => {
      shown[index] = dataState === 'complete' ? data : undefined;
    }),
  );
  await vi.waitFor(() => expect(shown).not.toContain(undefined), { timeout: 5000 });
  // Requests that replace each other's objects go on and on: long enough for some more rounds of them.
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const subscription of subscriptions) subscription.unsubscribe();
  client.stop();
  return shown;
}

describe('Apollo Client', () => {
  it('asks once for each of ten components that read one featurestore, and all keep their data', async () => {
    const sent = recordRequests();
    const shown = await render(
      connect(),
      CUSTOMERS.map((customer) => gql`{ shop { id customer(entityId: "${customer}") { id orders7d } } }`),
    );
    expect(shown.map(({ shop }) => shop.customer.orders7d)).toEqual(
      CUSTOMERS.map((_, index) => String(MANY_ORDERS + BigInt(index))),
    );
    expect(sent).toHaveLength(CUSTOMERS.length);
  });

  it('would ask again and again if it did not select the id of the featurestore', async () => {
    const sent = recordRequests();
    const client = new ApolloClient({ link: new HttpLink({ uri: gateway.url }), cache: new InMemoryCache() });
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    await render(
      client,
      CUSTOMERS.map((customer) => gql`{ shop { customer(entityId: "${customer}") { id orders7d } } }`),
    ).catch(() => undefined);
    expect(sent.length).toBeGreaterThan(CUSTOMERS.length);
  });

  it.each([
    [
      'values of one entity',
      'shop { id customer(entityId: "c1") { id features(names: ["orders_7d"]) { name value } } }',
      'shop { id customer(entityId: "c1") { id features(names: ["orders_7d"]) { status timestamp } } }',
    ],
    [
      'an interface',
      'entity(featurestore: "shop", entityType: "customer", entityId: "c2") { id features { value } }',
      'entity(featurestore: "shop", entityType: "customer", entityId: "c2") { id features { name status } }',
    ],
    [
      'a history',
      'shop { id customer(entityId: "c1") { id history(feature: "orders_7d") { nodes { value } } } }',
      'shop { id customer(entityId: "c1") { id history(feature: "orders_7d") { nodes { timestamp } pageInfo { endCursor } } } }',
    ],
    [
      'a store',
      'featurestore(name: "shop") { id onlineStore { kind } }',
      'featurestore(name: "shop") { id onlineStore { healthy } }',
    ],
    [
      'a matrix',
      'featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["c1"], names: ["city"]) { values }',
      'featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["c1"], names: ["city"]) { statuses }',
    ],
    [
      'an estimate',
      'estimateFeaturestore(input: { minNodes: 1 }) { total { amount } lines { sku } }',
      'estimateFeaturestore(input: { minNodes: 1 }) { total { currency } lines { amount } }',
    ],
  ])('keeps what two components read of %s, with one request each', async (_what, one, other) => {
    const sent = recordRequests();
    const client = connect();
    const shown = await render(client, [gql`{ ${one} }`, gql`{ ${other} }`]);
    expect(shown).not.toContain(undefined);
    expect(sent).toHaveLength(2);
  });

  it('knows which types an interface can be', async () => {
    const client = connect();
    const id = 'featurestores/shop/entityTypes/customer/entities/c3';
    const query = gql`
      query ($id: ID!) {
        node(id: $id) {
          id
          ... on Entity {
            entityId
          }
        }
      }
    `;
    await client.query({ query, variables: { id } });
    expect(client.readQuery({ query, variables: { id } })).toMatchObject({ node: { id, entityId: 'c3' } });
  });

  it('keeps all digits of integers and times', async () => {
    const { data }: any = await connect().query({
      query: gql`
        query ($asOf: DateTime) {
          shop {
            id
            customer(entityId: "c0", asOf: $asOf) {
              id
              orders7d
              asOf
              features(names: ["orders_7d"]) {
                value
                timestamp
              }
            }
          }
        }
      `,
      variables: { asOf: '2001-09-09T01:46:39.000001+00:00' },
    });
    expect(data.shop.customer).toMatchObject({
      orders7d: '9007199254740993',
      asOf: '2001-09-09T01:46:39.000001Z',
      features: [{ value: '9007199254740993', timestamp: '2001-09-09T01:46:29.999999Z' }],
    });
  });

  it('follows a job, whose changes come into its cache', async () => {
    const { id } = await gateway.services.jobs.start(work, {
      ...{ spec: null, displayName: null, labels: {}, createdBy: null, idempotencyKey: null },
    });
    const client = connect();
    const states: string[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      client
        .subscribe<any>({
          query: gql`
            subscription ($id: ID!) {
              jobProgress(id: $id) {
                id
                state
              }
            }
          `,
          variables: { id: `jobs/${id}` },
        })
        .subscribe({
          next: ({ data }) => {
            states.push(data.jobProgress.state);
            if (states.length === 1) work.begin(1n).count(1n).end();
          },
          complete: resolve,
          error: reject,
        });
    });
    await ended;
    expect(states.at(-1)).toBe('SUCCEEDED');
    expect((client.cache.extract() as any)[`TrainingSetJob:jobs/${id}`]).toMatchObject({ state: 'SUCCEEDED' });
  });

  it.each([
    ['POST', false],
    ['GET', true],
  ])('gets data through a link for persisted queries that begins with a hash by %s', async (method, byGet) => {
    const sent = recordRequests();
    const sha256 = (query: string) => createHash('sha256').update(query).digest('hex');
    const client = new ApolloClient({
      link: ApolloLink.from([
        new PersistedQueryLink({ sha256, useGETForHashedQueries: byGet }),
        new HttpLink({ uri: gateway.url }),
      ]),
      cache: new InMemoryCache(),
    });
    const query = gql`
      query Names {
        featurestores {
          nodes {
            id
            name
          }
        }
      }
    `;
    const { data }: any = await client.query({ query });
    expect(data.featurestores.nodes.map(({ name }: any) => name)).toEqual(['shop', 'lab']);
    expect(sent.map((request) => request.method)).toEqual([method, 'POST']);
    expect(sent[1]!.body).toContain('query Names');
    // It has understood: the next query has no hash.
    await client.query({ query, fetchPolicy: 'network-only' });
    expect(sent).toHaveLength(3);
    expect(sent[2]!.body).toContain('query Names');
  });
});

describe('the setup of Apollo Client', () => {
  const objectTypes = () =>
    Object.values(gateway.schema.getTypeMap()).filter((type): type is GraphQLObjectType => isObjectType(type));
  const isValueObject = (type: GraphQLObjectType) =>
    !('id' in type.getFields()) && !/^(Query|Mutation|Subscription|__.*|.*Payload|UserError)$/.test(type.name);

  /** Where a field holds a value object: by the type of the value, and by the field of a list of such. */
  function uses() {
    const single = new Set<string>();
    const lists = new Set<string>();
    for (const type of objectTypes().filter(({ name }) => !/^__|Payload$/.test(name))) {
      for (const field of Object.values(type.getFields())) {
        const value = getNamedType(field.type);
        if (!isObjectType(value) || !isValueObject(value)) continue;
        const owner = type.getInterfaces().find(({ name }) => name === 'Entity')?.name ?? type.name;
        if (isListType(getNullableType(field.type))) lists.add(`${owner}.${field.name}`);
        else single.add(value.name);
      }
    }
    return { single: [...single].sort(), lists: [...lists].sort() };
  }

  it('has a policy for every type without an id, and for every list of such', () => {
    const merged = Object.entries(typePolicies);
    expect({
      single: merged
        .filter(([, policy]) => policy.merge === true)
        .map(([name]) => name)
        .sort(),
      lists: merged.flatMap(([name, { fields = {} }]) => Object.keys(fields).map((field) => `${name}.${field}`)).sort(),
    }).toEqual(uses());
  });

  it('has the possible types of the flights as their schema has them (npm run codegen)', async () => {
    const registry = await loadRegistry('examples/flights/registry.yaml');
    const sorted = (types: Record<string, string[]>) =>
      Object.fromEntries(Object.entries(types).map(([name, possible]) => [name, possible.toSorted()]));
    expect(sorted(possibleTypesOfFlights.possibleTypes)).toEqual(sorted(possibleTypesOf(buildSchema(registry))));
  });
});
