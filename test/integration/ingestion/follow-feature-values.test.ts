import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { T, NOW, smallRegistry } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { collectErrors, TRANSPORTS } from '../../support/stream-clients.js';
import { formatInstant } from '../../../values/instant.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written userErrors { code } }
}`;
const FOLLOW = `subscription ($ids: [ID!]!, $names: [String!]) {
  featureValues(featurestore: "shop", entityType: "customer", entityIds: $ids, names: $names) {
    entities { entityId features(names: ["city", "orders_7d"]) { name value status } }
  }
}`;
const FOLLOW_WRITTEN = `subscription ($ids: [ID!]!, $names: [String!], $after: String) {
  featureValues(featurestore: "shop", entityType: "customer", entityIds: $ids, names: $names, after: $after) {
    cursor
    entities { entityId }
    ...Written
  }
}
fragment Written on FeatureValuesEvent { all: written { entityId name value timestamp isNewest } }`;

let gateway: StoreGateway;
beforeEach(async () => {
  gateway = await startStoreGateway(smallRegistry(), {}, () => NOW);
});
afterEach(() => gateway.close());

async function write(seconds: number, entityId: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  const row = {
    entityType: 'customer',
    entityId,
    timestamp: formatInstant(T(seconds)),
    values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
  };
  const { data, errors } = await gateway.ask(WRITE, { input: { featurestore: 'shop', rows: [row] } });
  expect(errors).toBeUndefined();
  expect(data.writeFeatureValues.userErrors).toEqual([]);
}

const eventOf = ({ data }: any): any => data.featureValues;
const citiesOf = ({ data }: any): Record<string, unknown> =>
  Object.fromEntries(data.featureValues.entities.map(({ entityId, features }: any) => [entityId, features[0].value]));

describe.each(TRANSPORTS)('written values over %s', (_name, createClient) => {
  it('come at once, and after each write with the newest value', async () => {
    await write(-50, 'a', { city: 'Bern' });
    const seen: Record<string, unknown>[] = [];
    const { error } = await createClient(gateway.url).follow(
      { query: FOLLOW, variables: { ids: ['b', 'a'], names: null } },
      (event, end) => {
        seen.push(citiesOf(event));
        // An older value and another entity: neither changes what is followed now.
        if (seen.length === 1) {
          void write(-60, 'a', { city: 'old' })
            .then(() => write(-10, 'other', { city: 'Basel' }))
            .then(() => write(-20, 'b', { city: 'Chur' }));
        }
        if (seen.some(({ b }) => b === 'Chur')) end();
      },
    );
    expect(error).toBeUndefined();
    expect(seen[0]).toEqual({ b: null, a: 'Bern' });
    expect(seen.at(-1)).toMatchObject({ b: 'Chur' });
    expect(seen.flatMap(Object.entries)).not.toContainEqual(['a', 'old']);
    expect(seen.flatMap(Object.keys)).not.toContain('other');
  });

  it('come for the named features alone', async () => {
    const seen: Record<string, unknown>[] = [];
    await createClient(gateway.url).follow(
      { query: FOLLOW, variables: { ids: ['a'], names: ['city'] } },
      (event, end) => {
        seen.push(citiesOf(event));
        if (seen.length === 1) {
          void write(-30, 'a', { orders_7d: 1 })
            .then(() => write(-20, 'a', { orders_7d: 2 }))
            .then(() => write(-10, 'a', { city: 'Chur' }));
        }
        if (seen.length === 2) end();
      },
    );
    expect(seen).toEqual([{ a: null }, { a: 'Chur' }]);
  });

  it('come when an entity is deleted', async () => {
    await write(-50, 'a', { city: 'Bern' });
    const seen: Record<string, unknown>[] = [];
    await createClient(gateway.url).follow(
      { query: FOLLOW, variables: { ids: ['a'], names: ['city'] } },
      (event, end) => {
        seen.push(citiesOf(event));
        if (seen.length === 2) end();
        else {
          void gateway.ask(`mutation {
          deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: ["a"] }) { userErrors { code } }
        }`);
        }
      },
    );
    expect(seen).toEqual([{ a: 'Bern' }, { a: null }]);
  });

  it.each([
    ['give no event for a value that only the history has, to a client that asks for current values', FOLLOW],
    ['say of a value that only the history has that it is not the newest', FOLLOW_WRITTEN],
  ])('%s', async (_behaviour, query) => {
    await write(-50, 'a', { city: 'Bern' });
    const variables = { ids: ['a'], names: ['city'] };
    const { results, error } = await createClient(gateway.url).follow({ query, variables }, (event, end) => {
      const text = JSON.stringify(event);
      if (text.includes('Chur')) end();
      else if (!text.includes('older')) {
        void write(-80, 'a', { city: 'older' }).then(() => write(-40, 'a', { city: 'Chur' }));
      }
    });
    expect(error).toBeUndefined();
    if (query === FOLLOW) return expect(results.map(citiesOf)).toEqual([{ a: 'Bern' }, { a: 'Chur' }]);
    const events = results.map(eventOf);
    expect(events.flatMap(({ all }) => all.map(({ value, isNewest }: any) => [value, isNewest]))).toEqual([
      ['older', false],
      ['Chur', true],
    ]);
    // The entity of an event with the older value alone has not changed.
    for (const { entities, all } of events.slice(1)) {
      expect(entities).toHaveLength(all.some(({ isNewest }: any) => isNewest) ? 1 : 0);
    }
  });

  it.each([
    ['no id', { ids: [] }, 'entityIds'],
    ['1,001 ids', { ids: Array.from({ length: 1001 }, String) }, 'entityIds'],
    ['an unknown feature', { ids: ['a'], names: ['colour'] }, undefined],
  ])('are refused for %s', async (_what, variables, field) => {
    const errors = collectErrors(await createClient(gateway.url).follow({ query: FOLLOW, variables }));
    expect(errors).toMatchObject([
      { extensions: field === undefined ? { code: 'FEATURE_NOT_FOUND' } : { code: 'BAD_USER_INPUT', field } },
    ]);
  });
});
