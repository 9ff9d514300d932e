import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsePolicy } from '../../auth/policy/load-policy.js';
import { Policy } from '../../auth/policy/policy.js';
import type { Feature } from '../../datasources/registry/model.js';
import { NOW_TEXT, row, smallRegistry } from '../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const registry = smallRegistry();
const customer = registry.entityType('shop', 'customer');
const policy = new Policy();
const IDS = ['acme:1', 'beta:1', 'acme:none'];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(registry, { policy });
  const [orders, fixed] = customer.sources;
  for (const id of ['acme:1', 'beta:1']) {
    await gateway.write(orders!, [row(id, -10, { orders_7d: 71_717n, mean_basket: 71.717, city: `secret-${id}` })]);
    await gateway.write(fixed!, [{ entityId: id, timestamp: null, values: new Map([['born', 717_171_000_000n]]) }]);
  }
});
afterAll(() => gateway.close());

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const some = (...items: string[]) => fc.uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: 2 });
const rule = fc.record({
  who: fc.constantFrom<unknown>(
    'EVERYONE',
    { kinds: ['ANONYMOUS'] },
    { kinds: ['USER'] },
    { names: ['anon*'] },
    { groups: ['x'] },
  ),
  effect: fc.constantFrom('allow', 'allow', 'deny'),
  actions: some('READ', 'WRITE'),
  featurestores: optional(some('shop', 'lab', 's*')),
  entityTypes: optional(some('customer', 'cust*', 'sample')),
  features: optional(some('orders_7d', '*_*', 'city', 'born', 'nothing*')),
  sensitivity: optional(some('PERSONAL', 'INTERNAL')),
  entityIds: optional(some('acme:*', '*:1', 'beta:1', '{claims.tenant}:*')),
});
type RandomRule = typeof rule extends fc.Arbitrary<infer Value> ? Value : never;

/** A naive evaluation, by regular expressions, without sets, caches or compilation. */
function mayRead(rules: readonly RandomRule[], feature: Feature, id: string): boolean {
  const like = (patterns: readonly string[] | undefined, text: string): boolean =>
    patterns === undefined ||
    patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text) && !pattern.includes('{'));
  const concerning = rules.filter(({ who, actions, featurestores, entityTypes, features, sensitivity, entityIds }) => {
    const isMe = who === 'EVERYONE' || JSON.stringify(who).includes('ANON') || JSON.stringify(who).includes('anon');
    return (
      isMe &&
      actions.includes('READ') &&
      like(featurestores, 'shop') &&
      like(entityTypes, 'customer') &&
      like(features, feature.name) &&
      (sensitivity?.includes(feature.sensitivity) ?? true) &&
      like(entityIds, id)
    );
  });
  return concerning.some(({ effect }) => effect === 'allow') && !concerning.some(({ effect }) => effect === 'deny');
}

const QUERY = `query ($ids: [ID!]!, $names: [String!]!) {
  entities(featurestore: "shop", entityType: "customer", entityIds: $ids) { entityId features { name value status } }
  past: entities(featurestore: "shop", entityType: "customer", entityIds: $ids, asOf: "${NOW_TEXT}", includeExpired: true) {
    entityId features(names: $names) { name value status } }
  featureMatrix(featurestore: "shop", entityType: "customer", entityIds: $ids, names: $names) { values statuses }
  shop { customers(entityIds: $ids) { entityId orders7d meanBasket city born history(feature: "city") { nodes { value status } } } }
}`;
const TYPED = { orders_7d: 'orders7d', mean_basket: 'meanBasket', city: 'city', born: 'born' } as Record<
  string,
  string
>;

it(
  'for random policies, answers have the values that a naive evaluation permits, and no others',
  { timeout: 120_000 },
  async () => {
    const { features } = customer;
    const names = features.map(({ name }) => name);
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { maxLength: 5 }),
        fc.shuffledSubarray(IDS, { minLength: 1 }),
        async (rules, ids) => {
          const document = rules.map(({ effect, actions, ...scopes }, index) => ({
            name: `r${index}`,
            [effect]: actions,
            ...scopes,
          }));
          // Literal names that do not exist where the rule applies are faults: they are not what is tested here.
          let parsed;
          try {
            parsed = parsePolicy(JSON.stringify({ rules: document }), registry);
          } catch {
            fc.pre(false);
            return;
          }
          policy.replace(parsed);
          const before = gateway.reads.online.length;
          const { data, errors } = await gateway.ask(QUERY, { ids, names });
          expect(errors).toBeUndefined();
          ids.forEach((id, entity) => {
            features.forEach((feature, column) => {
              const isPermitted = mayRead(rules, feature, id);
              const cell = data.entities[entity].features[column];
              const past = data.past[entity].features[column];
              expect([feature.name, id, cell.status === 'DENIED']).toEqual([feature.name, id, !isPermitted]);
              expect(past.status === 'DENIED').toBe(!isPermitted);
              expect(data.featureMatrix.statuses[entity][column]).toBe(cell.status);
              const values = [
                cell.value,
                past.value,
                data.featureMatrix.values[entity][column],
                data.shop.customers[entity][TYPED[feature.name]!],
              ];
              const hasValue = id !== 'acme:none';
              for (const value of values) expect(value !== null).toBe(isPermitted && hasValue);
              if (feature.name === 'city') {
                const { nodes } = data.shop.customers[entity].history;
                if (!isPermitted) expect(nodes).toEqual([{ value: null, status: 'DENIED' }]);
                else expect(nodes).toHaveLength(hasValue ? 1 : 0);
              }
            });
          });
          const asked = gateway.reads.online.slice(before).flatMap((read) => read.features);
          for (const feature of asked) expect(ids.some((id) => mayRead(rules, feature, id))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  },
);
