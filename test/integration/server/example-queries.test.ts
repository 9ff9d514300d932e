import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { UnrestrictedAccess } from '../../../auth/policy/access.js';
import type { EntityType } from '../../../datasources/registry/model.js';
import { buildSchema } from '../../../resolvers/build-schema.js';
import { makeExampleQueries } from '../../../server/make-example-queries.js';
import { findSource, row, smallRegistry } from '../../support/small-registry.js';
import { startTestGateway } from '../../support/test-gateway.js';
import { testRegistry } from '../../support/test-registry.js';

const deprecated = { name: 'old', valueType: 'INT64', deprecationReason: 'Gone.' } as const;

/** Names that become other names in GraphQL, ids that need quotes, and registries with nothing to read. */
const REGISTRIES = {
  'the small one': smallRegistry(),
  'snake case': testRegistry({
    name: 'us_retail_2',
    entityTypes: [
      { name: 'loyalty_card', sources: [{ features: [deprecated, { name: 'spend_30d', valueType: 'DOUBLE' }] }] },
    ],
  }),
  'no feature that may be shown': testRegistry({
    name: 'bare',
    entityTypes: [{ name: 'thing', sources: [{ features: [deprecated] }] }],
  }),
} as const;

describe.each(Object.entries(REGISTRIES))('the examples of a registry without queries: %s', (_name, registry) => {
  it.each([
    ['an id is known', 'a "quoted" \\ id'],
    ['no id is known', undefined],
  ])('are valid when %s', async (_title, id) => {
    const examples = await makeExampleQueries(registry, async () => id, new UnrestrictedAccess());
    expect(examples.length).toBeGreaterThan(0);
    for (const { query } of examples) expect(validate(buildSchema(registry), parse(query))).toEqual([]);
  });
});

it('the examples of a registry without queries answer with the values of an entity that is there', async () => {
  const gateway = await startTestGateway(smallRegistry());
  try {
    await gateway.write(findSource(gateway, 'shop', 'customer'), [row('ann', -1, { orders_7d: 3n })]);
    const findId = async (entityType: EntityType): Promise<string | undefined> => {
      const [id] = await gateway.services.stores.offline(entityType.featurestore).sampleEntityIds(entityType, 1);
      return id;
    };
    const examples = await makeExampleQueries(gateway.services.registry, findId, new UnrestrictedAccess());
    // The end-to-end tests follow subscriptions.
    const queries = examples.map(({ query }) => query).filter((query) => !/^subscription /m.test(query));
    expect(queries.length).toBe(examples.length - 1);
    const answers = await Promise.all(queries.map((query) => gateway.ask(query)));
    expect(answers.map(({ errors }) => errors)).toEqual(answers.map(() => undefined));
    expect(answers[0]!.data.shop.customer).toMatchObject({ orders7d: '3' });
  } finally {
    await gateway.close();
  }
});
