import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { fetchQuery, getFragment, getRequest, getSingularSelector, type GraphQLTaggedNode } from 'relay-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRelayEnvironment } from '../../../examples/clients/relay.js';
import { findSource, row } from '../../support/small-registry.js';
import type { TestGateway } from '../../support/test-gateway.js';
import { recordRequests, startShop } from './shop.js';

/** An app as Relay's documentation shows one: a page of a connection, and the next page by the id of its parent. */
const APP = `
import { graphql } from 'relay-runtime';
graphql\`query AppHistoryQuery($id: ID!) { shop { id customer(entityId: $id) { id ...App_customer } } }\`;
graphql\`fragment App_customer on ShopCustomer
  @refetchable(queryName: "AppHistoryPaginationQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" }) {
  orders7d
  history(feature: "orders_7d", first: $first, after: $after) @connection(key: "App_history") {
    edges { node { value timestamp } } } }\`;
graphql\`query AppSearchQuery($text: String!) { searchFeatures(text: $text, first: 5) @connection(key: "App_searchFeatures") {
  edges { node { id name entityType { id featurestore { id } } } } } }\`;
graphql\`query AppNodeQuery($id: ID!) { node(id: $id) { __typename id ... on ShopFeaturestore { customer(entityId: "a") { id orders7d } } } }\`;
graphql\`subscription AppJobSubscription($id: ID!) { jobProgress(id: $id) { id state progress { percent } } }\`;
graphql\`mutation AppCancelMutation($input: CancelJobInput!) { cancelJob(input: $input) { job { id state } userErrors { message } } }\`;
`;

let gateway: TestGateway;
let folder: string;
beforeAll(async () => {
  gateway = await startShop();
  await gateway.write(
    findSource(gateway, 'shop', 'customer'),
    [5, 4, 3, 2, 1].map((seconds) => row('a', -seconds, { orders_7d: BigInt(10 - seconds) })),
  );
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-relay-'));
  writeFileSync(join(folder, 'App.js'), APP);
  writeFileSync(join(folder, 'schema.graphql'), printSchema(lexicographicSortSchema(gateway.schema)));
  writeFileSync(
    join(folder, 'relay.config.json'),
    JSON.stringify({
      ...{ src: '.', schema: 'schema.graphql', language: 'javascript', eagerEsModules: true },
      ...{ artifactDirectory: 'artifacts', excludes: ['**/artifacts/**'] },
    }),
  );
  mkdirSync(join(folder, 'artifacts'));
  const compiler = join(import.meta.dirname, '../../../node_modules/relay-compiler/cli.js');
  await promisify(execFile)(process.execPath, [compiler], { cwd: folder });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await gateway.close();
});
afterEach(() => vi.restoreAllMocks());

/** What relay-compiler made of an operation or a fragment. */
async function compiled(name: string): Promise<GraphQLTaggedNode> {
  const module = (await import(join(folder, 'artifacts', `${name}.graphql.js`))) as { default: GraphQLTaggedNode };
  return module.default;
}

describe('Relay', () => {
  it('reads a connection page by page by the id of its parent, and keeps all pages', async () => {
    const environment = createRelayEnvironment(gateway.url);
    const first: any = await fetchQuery(environment, getRequest(await compiled('AppHistoryQuery')), {
      id: 'a',
    }).toPromise();
    const id = 'featurestores/shop/entityTypes/customer/entities/a';
    expect(first.shop.customer.id).toBe(id);
    const read = async (): Promise<any> =>
      environment.lookup(getSingularSelector(getFragment(await compiled('App_customer')), first.shop.customer)).data;
    let shown = await read();
    const sizes = [shown.history.edges.length];
    while (shown.history.pageInfo.hasNextPage) {
      const variables = { id, first: 2, after: shown.history.pageInfo.endCursor };
      await fetchQuery(environment, getRequest(await compiled('AppHistoryPaginationQuery')), variables).toPromise();
      shown = await read();
      sizes.push(shown.history.edges.length);
    }
    expect(sizes).toEqual([2, 4, 5]);
    expect(shown.orders7d).toBe('9');
    expect(shown.history.edges.map(({ node }: any) => node.value)).toEqual(['9', '8', '7', '6', '5']);
  });

  it('keeps every object under its own id', async () => {
    const environment = createRelayEnvironment(gateway.url);
    await fetchQuery(environment, getRequest(await compiled('AppSearchQuery')), { text: 'orders' }).toPromise();
    const node = getRequest(await compiled('AppNodeQuery'));
    for (const id of ['featurestores/shop', 'featurestores/shop/entities']) {
      await fetchQuery(environment, node, { id }).toPromise();
    }
    const records = environment.getStore().getSource();
    expect(
      ['featurestores/shop', 'featurestores/shop/entities', 'featurestores/shop/entityTypes/customer'].map((id) => [
        id,
        records.get(id)?.__typename,
      ]),
    ).toEqual([
      ['featurestores/shop', 'Featurestore'],
      ['featurestores/shop/entities', 'ShopFeaturestore'],
      ['featurestores/shop/entityTypes/customer', 'EntityType'],
    ]);
  });

  it('sends its queries by POST', async () => {
    const sent = recordRequests();
    const environment = createRelayEnvironment(gateway.url);
    await fetchQuery(environment, getRequest(await compiled('AppSearchQuery')), { text: 'orders' }).toPromise();
    expect(sent.map(({ method }) => method)).toEqual(['POST']);
  });
});
