import { afterAll, beforeAll, expect, it } from 'vitest';
import { row, findSource } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { testRegistry } from '../../support/test-registry.js';

let gateway: TestGateway;
beforeAll(async () => {
  const features = Array.from({ length: 250 }, (_, index) => ({
    name: `feature_${index}`,
    valueType: 'INT64' as const,
  }));
  gateway = await startTestGateway(
    testRegistry(
      ...Array.from({ length: 30 }, (_, index) => ({
        name: `store_${index}`,
        entityTypes: [{ name: 'thing', sources: [{ features: index === 0 ? features : features.slice(0, 1) }] }],
      })),
    ),
  );
  await gateway.write(
    findSource(gateway, 'store_0', 'thing'),
    Array.from({ length: 25 }, (_, index) => row('x', index, { feature_0: BigInt(index) })),
  );
});
afterAll(() => gateway.close());

interface Page {
  nodes: any[];
  edges: { cursor: string; node: any }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

const FIELDS =
  'nodes { name } edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** Follows a connection to its end and gives the sizes of its pages and all names. */
async function follow(
  query: string,
  pick: (data: any) => Page,
  first: number | null,
): Promise<{ sizes: number[]; names: string[] }> {
  const sizes: number[] = [];
  const names: string[] = [];
  for (let after: string | null = null; ;) {
    const { data, errors } = await gateway.ask(query, { first, after });
    expect(errors).toBeUndefined();
    const page = pick(data);
    expect(page.edges.map(({ node }) => node)).toEqual(page.nodes);
    expect(page.pageInfo.startCursor).toBe(page.edges[0]?.cursor ?? null);
    expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor ?? null);
    expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
    sizes.push(page.nodes.length);
    names.push(...page.nodes.map(({ name, value }) => name + (value ?? '')));
    after = page.pageInfo.endCursor;
    if (!page.pageInfo.hasNextPage) return { sizes, names };
  }
}

it('featurestores come page by page, each once, 20 when nothing is said', async () => {
  const query = `query ($first: Int = 20, $after: String) { featurestores(first: $first, after: $after) { ${FIELDS} } }`;
  const all = Array.from({ length: 30 }, (_, index) => `store_${index}`);
  for (const [first, sizes] of [
    [7, [7, 7, 7, 7, 2]],
    [30, [30]],
    [null, [20, 10]],
  ] as const) {
    expect(await follow(query, (data) => data.featurestores, first)).toEqual({ sizes, names: all });
  }
});

it('features come page by page, 100 when nothing is said', async () => {
  const query = `query ($first: Int, $after: String) { featurestore(name: "store_0") { entityType(name: "thing") {
    features(first: $first, after: $after) { ${FIELDS} } } } }`;
  const { sizes, names } = await follow(query, (data) => data.featurestore.entityType.features, null);
  expect(sizes).toEqual([100, 100, 50]);
  expect(new Set(names).size).toBe(250);
});

it('found features come page by page in one order', async () => {
  const query = `query ($first: Int, $after: String) { searchFeatures(text: "feature", first: $first, after: $after) { ${FIELDS} } }`;
  const paged = await follow(query, (data) => data.searchFeatures, 100);
  expect(paged.sizes.reduce((sum, size) => sum + size)).toBe(250 + 29);
});

it('a history comes page by page, the newest first', async () => {
  const query = `query ($first: Int, $after: String) { entity(featurestore: "store_0", entityType: "thing", entityId: "x", asOf: "2001-09-09T01:47:02Z") {
    history(feature: "feature_0", first: $first, after: $after) { ${FIELDS.replaceAll('name', 'name value')} } } }`;
  const { sizes, names } = await follow(query, (data) => data.entity.history, 10);
  expect(sizes).toEqual([10, 10, 3]);
  expect(names).toEqual(Array.from({ length: 23 }, (_, index) => `feature_0${22 - index}`));
});

it('first: 0 is an empty page that says whether there is more', async () => {
  const { data } = await gateway.ask(
    '{ featurestores(first: 0) { nodes { name } pageInfo { hasNextPage endCursor } } }',
  );
  expect(data.featurestores).toEqual({ nodes: [], pageInfo: { hasNextPage: true, endCursor: null } });
});

it.each([
  [
    'a history',
    'entity(featurestore: "store_0", entityType: "thing", entityId: "x") { history(feature: "feature_0", after: "") { nodes { value } } }',
  ],
  ['a list', 'featurestores(after: "") { nodes { name } }'],
])('an empty cursor of %s is refused, and does not begin anew', async (_what, field) => {
  const { errors } = await gateway.ask(`{ ${field} }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
});

it('a cursor of one list is refused by another', async () => {
  const { data } = await gateway.ask('{ featurestores(first: 1) { pageInfo { endCursor } } }');
  const { errors } = await gateway.ask(
    'query ($after: String) { searchFeatures(text: "feature", after: $after) { nodes { name } } }',
    {
      after: data.featurestores.pageInfo.endCursor,
    },
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
});
