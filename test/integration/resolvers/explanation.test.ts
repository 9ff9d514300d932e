import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplainRead } from '../../../datasources/offline/explain-read.js';
import type { FeatureRow } from '../../../datasources/offline/offline-store.js';
import { formatInstant } from '../../../values/instant.js';
import { findSource, NOW_TEXT, smallRegistry, T } from '../../support/small-registry.js';
import { storeWith } from '../../support/store-with.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const explains: ExplainRead[] = [];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry(), {
    wrap: (stores) => ({
      ...stores,
      offline: (featurestore) => {
        const store = stores.offline(featurestore);
        return storeWith(store, {
          explain: (read) => {
            explains.push(read);
            return store.explain(read);
          },
        });
      },
    }),
  });
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    written(-90, -90, { orders_7d: 1n, city: 'Rome' }),
    written(-50, -49, { orders_7d: 2n }),
    // A correction: about the same moment, written later.
    written(-50, -20, { orders_7d: 3n }),
    written(-30, -30, { city: 'Bern' }),
  ]);
  const source = findSource(gateway, 'shop', 'customer');
  // Not true yet, so it is in the offline store only.
  await gateway.services.stores
    .offline(source.entityType.featurestore)
    .append(source, [written(60, -5, { orders_7d: 9n })]);
  await gateway.write(findSource(gateway, 'shop', 'customer', 1), [
    { ...written(0, -30, { born: T(-9000) }), timestamp: null },
  ]);
  await gateway.write(findSource(gateway, 'shop', 'visit'), [
    { ...written(-20, -20, { seconds: 5 }), entityId: 'ann,home' },
    { ...written(-10, -10, { seconds: null }), entityId: 'ann,home' },
  ]);
});
afterAll(() => gateway.close());

function written(at: number, createdAt: number, values: Record<string, any>): FeatureRow {
  return {
    entityId: 'ann',
    timestamp: T(at),
    createdTimestamp: T(createdAt),
    values: new Map(Object.entries(values)),
  };
}

const text = (seconds: number) => formatInstant(T(seconds));
const FIELDS = `explanation { status value timestamp difference asOf knownAt strictlyBefore isDense rule candidates withoutValue
  afterAsOf writtenAfterKnownAt ageSeconds ttlSeconds validUntil rows { outcome rule value timestamp createdTimestamp } }`;

const ask = async (query: string) => {
  const { data, errors } = await gateway.ask(query);
  expect(errors).toBeUndefined();
  return data;
};
const explain = async (feature: string, read = '', entity = 'entityType: "customer", entityId: "ann"') => {
  const data = await ask(
    `{ entity(featurestore: "shop", ${entity} ${read}) { features(names: ["${feature}"]) { value status timestamp ${FIELDS} } } }`,
  );
  const { explanation, ...answer } = data.entity.features[0];
  return { answer, explanation };
};

describe('the explanation of a feature value', () => {
  it('has the row that won, the rule, the rows that lost to it, and those that come too late', async () => {
    const { answer, explanation } = await explain('orders_7d');
    expect(answer).toEqual({ value: '3', status: 'PRESENT', timestamp: text(-50) });
    expect(explanation).toEqual({
      ...answer,
      difference: null,
      asOf: NOW_TEXT,
      knownAt: null,
      strictlyBefore: false,
      isDense: false,
      rule: 'CREATION_TIME',
      candidates: '3',
      withoutValue: '1',
      afterAsOf: '1',
      writtenAfterKnownAt: '0',
      ageSeconds: 50,
      ttlSeconds: 100,
      validUntil: text(50),
      rows: [
        { outcome: 'WON', rule: 'CREATION_TIME', value: '3', timestamp: text(-50), createdTimestamp: text(-20) },
        { outcome: 'OLDER', rule: 'CREATION_TIME', value: '2', timestamp: text(-50), createdTimestamp: text(-49) },
        { outcome: 'OLDER', rule: 'EVENT_TIME', value: '1', timestamp: text(-90), createdTimestamp: text(-90) },
        { outcome: 'WITHOUT_VALUE', rule: null, value: null, timestamp: text(-30), createdTimestamp: text(-30) },
        { outcome: 'AFTER_AS_OF', rule: null, value: '9', timestamp: text(60), createdTimestamp: text(-5) },
      ],
    });
  });

  it('tells what came too late for asOf and for knownAt', async () => {
    const { answer, explanation } = await explain('orders_7d', `, asOf: "${text(-40)}", knownAt: "${text(-45)}"`);
    expect(answer).toEqual({ value: '2', status: 'PRESENT', timestamp: text(-50) });
    expect(explanation).toMatchObject({
      ...answer,
      difference: null,
      asOf: text(-40),
      knownAt: text(-45),
      rule: 'EVENT_TIME',
      candidates: '2',
      afterAsOf: '2',
      writtenAfterKnownAt: '1',
    });
    expect(explanation.rows.map(({ outcome }: any) => outcome)).toEqual([
      'WON',
      'OLDER',
      'AFTER_AS_OF',
      'AFTER_AS_OF',
      'WRITTEN_AFTER_KNOWN_AT',
    ]);
  });

  it('keeps to strictlyBefore', async () => {
    const { answer, explanation } = await explain('orders_7d', `, asOf: "${text(-50)}", strictlyBefore: true`);
    expect(answer.value).toBe('1');
    expect(explanation).toMatchObject({ ...answer, strictlyBefore: true, rule: 'ONLY_ROW', afterAsOf: '4' });
  });

  it('shows by the ttl why a value has expired, and its row beside', async () => {
    const unlimited = await explain('city');
    expect(unlimited.answer).toEqual({ value: 'Bern', status: 'PRESENT', timestamp: text(-30) });
    expect(unlimited.explanation).toMatchObject({ ttlSeconds: null, validUntil: null });
    const { answer, explanation } = await explain('orders_7d', `, asOf: "${text(55)}"`);
    expect(answer).toEqual({ value: null, status: 'EXPIRED', timestamp: text(-50) });
    expect(explanation).toMatchObject({ ...answer, ageSeconds: 105, ttlSeconds: 100, validUntil: text(50) });
    expect(explanation.rows[0]).toMatchObject({ outcome: 'WON', value: '3' });
  });

  it('shows the newest row of a dense entity type, which has no value', async () => {
    const { answer, explanation } = await explain('seconds', '', 'entityType: "visit", entityId: "ann,home"');
    expect(answer).toEqual({ value: null, status: 'NULL', timestamp: text(-10) });
    expect(explanation).toMatchObject({ ...answer, isDense: true, candidates: '2', withoutValue: '0' });
    expect(explanation.rows[0]).toMatchObject({ outcome: 'WON', rule: 'EVENT_TIME', value: null });
  });

  it('explains static features, and entities without a row', async () => {
    const { answer, explanation } = await explain('born');
    expect(answer).toMatchObject({ status: 'PRESENT', timestamp: null });
    expect(explanation).toMatchObject({ ...answer, rule: 'ONLY_ROW', ageSeconds: null, afterAsOf: '0' });
    const unknown = await explain('orders_7d', '', 'entityType: "customer", entityId: "eve"');
    expect(unknown.explanation).toMatchObject({
      status: 'NOT_FOUND',
      difference: null,
      rule: null,
      rows: [],
      candidates: '0',
    });
  });

  it('explains each value of a history at its own time', async () => {
    const data = await ask(
      `{ entity(featurestore: "shop", entityType: "customer", entityId: "ann") {
          history(feature: "orders_7d") { nodes { value timestamp ${FIELDS} } } } }`,
    );
    const { nodes } = data.entity.history;
    expect(nodes.map(({ value }: any) => value)).toEqual(['3', '1']);
    for (const { value, timestamp, explanation } of nodes) {
      expect(explanation).toMatchObject({ value, timestamp, asOf: timestamp, difference: null });
    }
  });

  it('says which of the stores is newer where they differ', async () => {
    const source = findSource(gateway, 'shop', 'customer');
    const online = gateway.services.stores.online(source.entityType.featurestore);
    const offline = gateway.services.stores.offline(source.entityType.featurestore);
    const late = { ...written(-10, -10, { orders_7d: 5n }), entityId: 'bob' };
    const explainBob = () => explain('orders_7d', '', 'entityType: "customer", entityId: "bob"');

    await offline.append(source, [late]);
    const unsynced = await explainBob();
    expect(unsynced.answer.status).toBe('NOT_FOUND');
    expect(unsynced.explanation).toMatchObject({ value: '5', status: 'PRESENT', difference: 'OFFLINE_IS_NEWER' });

    await online.write(source.entityType, [
      {
        entityId: 'bob',
        source,
        version: { timestamp: T(-5), createdTimestamp: T(-5), sequence: null },
        values: new Map([['orders_7d', 6n]]),
      },
    ]);
    const ahead = await explainBob();
    expect(ahead.answer.value).toBe('6');
    expect(ahead.explanation).toMatchObject({ value: '5', difference: 'ONLINE_IS_NEWER' });

    await offline.append(source, [{ ...written(-5, -5, { orders_7d: 7n }), entityId: 'bob' }]);
    expect((await explainBob()).explanation).toMatchObject({ value: '7', difference: 'VALUES_DIFFER' });
  });

  it('asks the offline store once for the values of a feature, whatever the number of entities and aliases', async () => {
    explains.length = 0;
    const features = `features(names: ["orders_7d", "city"]) { explanation { rule } again: explanation { candidates } }`;
    await ask(
      `{ entities(featurestore: "shop", entityType: "customer", entityIds: ["ann", "bob", "ann"]) { ${features} }
         entity(featurestore: "shop", entityType: "customer", entityId: "eve") { ${features} } }`,
    );
    expect(explains.map(({ feature, labels }) => [feature.name, labels.map(({ entityId }) => entityId)])).toEqual([
      ['orders_7d', ['ann', 'bob', 'eve']],
      ['city', ['ann', 'bob', 'eve']],
    ]);
  });

  it('shows as many rows of each kind as the client asks for, and refuses other numbers', async () => {
    const entity = (rows: number) =>
      `{ entity(featurestore: "shop", entityType: "customer", entityId: "ann") { features(names: ["orders_7d"]) {
          explanation(rows: ${rows}) { candidates rows { outcome } } } } }`;
    const { explanation } = (await ask(entity(2))).entity.features[0];
    expect(explanation.candidates).toBe('3');
    expect(explanation.rows.map(({ outcome }: any) => outcome)).toEqual([
      'WON',
      'OLDER',
      'WITHOUT_VALUE',
      'AFTER_AS_OF',
    ]);
    for (const rows of [1, 51]) {
      const { data, errors } = await gateway.ask(entity(rows));
      expect(data.entity.features[0].explanation).toBeNull();
      expect(errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'rows' });
    }
  });
});
