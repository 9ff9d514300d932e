import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPolicedGateway, TRANSPORTS, type PolicedGateway, type Who } from '../support/policed-gateway.js';

const SECRET = 'zoe@secret.example';
const TIME = '2001-01-01T00:00:00Z';

let shop: PolicedGateway;
const write = (who: Who, rows: readonly object[], featurestore = 'shop') =>
  shop.ask(
    who,
    `mutation ($input: WriteFeatureValuesInput!) {
      writeFeatureValues(input: $input) { written userErrors { code field row message } } }`,
    { input: { featurestore, rows } },
  );
const row = (entityId: string, values: Record<string, unknown>, timestamp = TIME, entityType = 'customer') => ({
  entityType,
  entityId,
  timestamp,
  values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
});

beforeAll(async () => {
  shop = await startPolicedGateway();
  const all = { orders: '7', city: 'Bern', email: SECRET, margin: 0.123456 };
  const { data } = await write('admin', [row('acme:1', all), row('beta:1', all)]);
  expect(data.writeFeatureValues).toMatchObject({ written: 2, userErrors: [] });
  await write('admin', [row('m1', { target: SECRET }, TIME, 'merger')], 'plans');
});
afterAll(() => shop.close());

const customer = (id: string, rest: string, read = '') =>
  `{ entity(featurestore: "shop", entityType: "customer", entityId: "${id}"${read}) { ${rest} } }`;

describe('a feature that the principal may not read', () => {
  it('is DENIED, and the rest of the answer is given', async () => {
    const { data, errors } = await shop.ask(
      'ann',
      customer('acme:1', 'features { name value status timestamp ageSeconds }'),
    );
    expect(errors).toBeUndefined();
    expect(data.entity.features).toEqual([
      { name: 'orders', value: '7', status: 'PRESENT', timestamp: TIME, ageSeconds: expect.any(Number) },
      { name: 'city', value: 'Bern', status: 'PRESENT', timestamp: TIME, ageSeconds: expect.any(Number) },
      { name: 'email', value: null, status: 'DENIED', timestamp: null, ageSeconds: null },
      { name: 'margin', value: null, status: 'DENIED', timestamp: null, ageSeconds: null },
    ]);
  });

  it('is null as a typed field, without an error', async () => {
    const { data, errors } = await shop.ask('ann', '{ shop { customer(entityId: "acme:1") { city email margin } } }');
    expect([data.shop.customer, errors]).toEqual([{ city: 'Bern', email: null, margin: null }, undefined]);
  });

  it('has one entry in its history, which is DENIED', async () => {
    const history = (feature: string) =>
      customer('acme:1', `history(feature: "${feature}") { nodes { value status } pageInfo { hasNextPage } }`);
    expect((await shop.ask('ann', history('email'))).data.entity.history).toEqual({
      nodes: [{ value: null, status: 'DENIED' }],
      pageInfo: { hasNextPage: false },
    });
    expect((await shop.ask('ann', history('city'))).data.entity.history.nodes).toHaveLength(1);
  });

  const READS: readonly [string, string][] = [
    ['entity', customer('acme:1', 'features(names: ["email"]) { value status }')],
    ['entity as of a time', customer('acme:1', 'features { value status }', ', asOf: "2002-01-01T00:00:00Z"')],
    ['entity with expired values', customer('acme:1', 'features { value status }', ', includeExpired: true')],
    ['a feature view', customer('acme:1', 'features(view: "board") { value status }')],
    ['history', customer('acme:1', 'history(feature: "email") { nodes { value status timestamp } }')],
    [
      'entities',
      '{ entities(featurestore: "shop", entityType: "customer", entityIds: ["acme:1","beta:1"]) { features { value status } } }',
    ],
    [
      'featureMatrix',
      '{ featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["acme:1"], names: ["city","email"]) { values statuses timestamps } }',
    ],
    ['typed fields', '{ shop { customers(entityIds: ["acme:1"]) { email margin features { value status } } } }'],
    [
      'node of an entity',
      '{ node(id: "featurestores/shop/entityTypes/customer/entities/acme:1") { ... on Entity { features { value status } } } }',
    ],
    [
      'the entity of its entity type',
      '{ featurestore(name: "shop") { entityType(name: "customer") { entity(entityId: "acme:1") { features { value status } } } } }',
    ],
    [
      'a featurestore of which it may read nothing',
      '{ entity(featurestore: "plans", entityType: "merger", entityId: "m1") { features { value status } } plans { merger(entityId: "m1") { target } } }',
    ],
  ];

  it.each(READS)('never appears in the answer: %s', async (_what, query) => {
    // The second and third time, the plan of the document answers, after it answered the admin.
    const answers = [];
    for (const who of ['admin', 'ann', 'admin', 'ann', 'nobody'] as const) answers.push(await shop.ask(who, query));
    const [admin, ann, adminAgain, annAgain, nobody] = answers;
    expect(admin!.text).toMatch(/secret\.example/);
    expect(adminAgain!.data).toEqual(admin!.data);
    expect(annAgain!.data).toEqual(ann!.data);
    expect(ann!.errors).toBeUndefined();
    // For nobody, no featurestore exists in the catalogue.
    for (const { text } of [ann!, nobody!]) expect(text).not.toMatch(/secret|0\.123/);
    expect(nobody!.text).not.toMatch(/Bern|"7"/);
  });

  it('is DENIED also in two operations of two principals at the same time', async () => {
    const query = customer('acme:1', 'features(names: ["email"]) { value }');
    const rounds = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'admin' : 'ann') as Who);
    const answers = await Promise.all(rounds.map((who) => shop.ask(who, query)));
    answers.forEach(({ data }, index) =>
      expect(data.entity.features[0].value).toBe(rounds[index] === 'admin' ? SECRET : null),
    );
  });
});

describe('statistics', () => {
  const statistics = (feature: string, args = '') =>
    `{ featurestore(name: "shop") { entityType(name: "customer") { feature(name: "${feature}") {
        statistics${args} { count topValues { value } } estimateStatistics${args} { total { amount } } } } } }`;
  const read = async (who: Who, feature: string, args?: string) => {
    const { data, errors } = await shop.ask(who, statistics(feature, args));
    return { found: data?.featurestore?.entityType?.feature ?? null, errors };
  };

  it('of a feature are given to who may read it of all entities', async () => {
    const { found, errors } = await read('admin', 'email');
    expect([found.statistics, errors]).toEqual([{ count: '2', topValues: [{ value: SECRET }] }, undefined]);
    expect((await read('ann', 'city')).found.statistics.count).toBe('2');
  });

  it('of a feature that the principal may not read do not exist for it', async () => {
    const { found } = await read('ann', 'email');
    expect(found).toBeNull();
  });

  it('tell a tenant of its own entities alone', async () => {
    const all = await read('acme', 'email');
    expect(all.found).toEqual({ statistics: null, estimateStatistics: null });
    expect(all.errors).toMatchObject(
      Array.from({ length: 2 }, () => ({ extensions: { code: 'PERMISSION_DENIED', field: 'entityIds' } })),
    );
    const others = await read('acme', 'email', '(entityIds: ["acme:1", "beta:1"])');
    expect(others.found.statistics).toBeNull();
    expect(others.errors![0]!.extensions).toMatchObject({ code: 'PERMISSION_DENIED', field: 'entityIds[1]' });
    const own = await read('acme', 'email', '(entityIds: ["acme:1"])');
    expect(own.found.statistics.count).toBe('1');
  });
});

describe('the newest event time of a source', () => {
  const TIMES = 'newestTimestamp freshnessSeconds';
  const ways = [
    `{ featurestore(name: "shop") { entityType(name: "customer") { sources { ${TIMES} } } } }`,
    `{ featurestore(name: "shop") { entityType(name: "customer") { feature(name: "city") { source { ${TIMES} } } } } }`,
    customer('acme:1', `features(names: ["city"]) { explanation { source { ${TIMES} } } }`),
  ];

  it.each(ways)('is for those who may read all entities, since it can be that of another tenant: %s', async (query) => {
    const admin = await shop.ask('admin', query);
    expect([admin.errors, admin.text]).toEqual([undefined, expect.stringContaining(TIME)]);
    const tenant = await shop.ask('acme', query);
    expect([tenant.errors, tenant.text]).toEqual([undefined, expect.stringContaining('"newestTimestamp":null')]);
    expect(tenant.text).not.toMatch(/"(newestTimestamp":"|freshnessSeconds":\d)/);
  });
});

it('an entity tag, which changes with each write of the source, is for those who may read all entities', async () => {
  const query = '{ shop { customer(entityId: "acme:1", asOf: "2001-02-01T00:00:00Z") { city } } }';
  const tagOf = async (who: Who) => {
    const answer = await fetch(`${shop.url}?query=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/graphql-response+json', ...shop.headersOf(who) },
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Bern')]);
    return answer.headers.get('etag');
  };
  expect(await tagOf('admin')).toMatch(/^W\//);
  expect(await tagOf('acme')).toBeNull();
});

describe('the rows of a tenant', () => {
  it('are all that it reads: an entity of another is like one that does not exist', async () => {
    const read = async (id: string) =>
      (
        await shop.ask(
          'acme',
          customer(id, 'features { value status timestamp } history(feature: "city") { nodes { value status } }'),
        )
      ).text.replaceAll(id, 'ID');
    expect(await read('beta:1')).toBe(await read('beta:none'));
    expect(await read('beta:1')).toContain('DENIED');
    expect(await read('acme:1')).toContain(SECRET);
    expect(await read('acme:none')).toContain('NOT_FOUND');
  });

  it('are read beside those of others in one request, each by its own right', async () => {
    const { data } = await shop.ask(
      'acme',
      '{ featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["acme:1","beta:1"], names: ["email","city"]) { values statuses } }',
    );
    expect(data.featureMatrix).toEqual({
      values: [
        [SECRET, 'Bern'],
        [null, null],
      ],
      statuses: [
        ['PRESENT', 'PRESENT'],
        ['DENIED', 'DENIED'],
      ],
    });
  });

  it('are all that it writes and deletes', async () => {
    const written = await write('acme', [
      row('acme:2', { city: 'Genf' }),
      row('beta:2', { city: 'Genf' }),
      row('acme:2', { city: 'Basel' }, '2001-01-02T00:00:00Z'),
    ]);
    expect(written.data.writeFeatureValues).toMatchObject({
      written: 2,
      userErrors: [{ code: 'PERMISSION_DENIED', row: 1, field: ['input', 'rows', '1', 'entityId'] }],
    });
    const remove = (entityIds: string[]) =>
      shop.ask(
        'acme',
        `mutation ($ids: [ID!]!) { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: $ids }) {
          deleted userErrors { code row } } }`,
        { ids: entityIds },
      );
    expect((await remove(['acme:2', 'beta:1'])).data.deleteEntities).toEqual({
      deleted: 0,
      userErrors: [{ code: 'PERMISSION_DENIED', row: 1 }],
    });
    expect((await remove(['acme:2'])).data.deleteEntities).toEqual({ deleted: 1, userErrors: [] });
    const { data } = await shop.ask('admin', customer('beta:1', 'features(names: ["city"]) { value }'));
    expect(data.entity.features[0].value).toBe('Bern');
  });

  it('have a receipt for each line that is sent', async () => {
    const line = (entityId: string, values: object) => ({ entityId, timestamp: TIME, values });
    const receipts = await shop.ingest('acme', 'customer', [
      line('acme:3', { city: 'Thun' }),
      line('beta:3', { city: 'Thun' }),
    ]);
    expect(receipts).toMatchObject([
      { line: 1, status: 'WRITTEN' },
      { line: 2, status: 'REFUSED', code: 'PERMISSION_DENIED', field: 'entityId' },
      { done: { written: 1, refused: 1 } },
    ]);
    const refused = await shop.ingest('ann', 'customer', [line('acme:3', { city: 'Thun' })]);
    expect(refused[0]).toMatchObject({ status: 'REFUSED', code: 'PERMISSION_DENIED' });
    const { data } = await shop.ask('admin', customer('beta:3', 'features(names: ["city"]) { status }'));
    expect(data.entity.features[0].status).toBe('NOT_FOUND');
  });

  it('give no result of a write of another with the same idempotency key', async () => {
    const mutation = `mutation ($key: String!, $rows: [WrittenRowInput!]!) {
      writeFeatureValues(input: { featurestore: "shop", idempotencyKey: $key, rows: $rows }) { written userErrors { code } } }`;
    const rows = [row('acme:9', { city: 'Chur' })];
    expect((await shop.ask('admin', mutation, { key: 'k1', rows })).data.writeFeatureValues.written).toBe(1);
    // The rows are duplicates for acme, so that it wrote none; the result of the admin would say 1.
    expect((await shop.ask('acme', mutation, { key: 'k1', rows })).data.writeFeatureValues).toEqual({
      written: 0,
      userErrors: [],
    });
  });
});

describe('the catalogue', () => {
  it('shows what the principal may read or write', async () => {
    const query = `{
      featurestores { nodes { name entityTypes { name features { nodes { name } } } featureViews { name features { name } } } }
      searchFeatures(text: "email") { nodes { name } }
      nodes(ids: ["featurestores/plans", "featurestores/shop/entityTypes/customer/features/email", "featurestores/shop/entityTypes/customer/features/city", "featurestores/plans/entityTypes/merger"]) { id }
    }`;
    const ann = (await shop.ask('ann', query)).data;
    expect(ann.featurestores.nodes).toEqual([
      {
        name: 'shop',
        entityTypes: [{ name: 'customer', features: { nodes: [{ name: 'orders' }, { name: 'city' }] } }],
        featureViews: [{ name: 'board', features: [{ name: 'orders' }] }],
      },
    ]);
    expect(ann.searchFeatures.nodes).toEqual([]);
    expect(ann.nodes.map((node: { id: string } | null) => node?.id ?? null)).toEqual([
      null,
      null,
      'featurestores/shop/entityTypes/customer/features/city',
      null,
    ]);
    const admin = (await shop.ask('admin', query)).data;
    expect(admin.featurestores.nodes).toHaveLength(2);
    expect(admin.searchFeatures.nodes).toEqual([{ name: 'email' }]);
    expect((await shop.ask('nobody', query)).data.featurestores.nodes).toEqual([]);
  });

  it('answers for a hidden name as for one that does not exist', async () => {
    const ask = async (name: string) => {
      const { errors } = await shop.ask('ann', `{ featurestore(name: "${name}") { id } }`);
      return errors!.map(({ message, extensions }) => [message.replaceAll(name, 'NAME'), extensions.code]);
    };
    expect(await ask('plans')).toEqual(await ask('nothing'));
  });
});

describe('the registry', () => {
  it('is planned and applied only by those who may', async () => {
    for (const query of ['{ registryPlan { changes } }', 'mutation { applyRegistry { isApplied } }']) {
      const { errors } = await shop.ask('ann', query);
      expect(errors![0]!.extensions.code).toBe('PERMISSION_DENIED');
      expect((await shop.ask('admin', query)).errors).toBeUndefined();
    }
  });
});

describe('viewer', () => {
  it('says what the principal may', async () => {
    const query = '{ viewer { name isUnrestricted permissions { rule effect actions sensitivity entityIds } } }';
    const { data } = await shop.ask('acme', query);
    expect(data.viewer).toEqual({
      name: 'key:acme',
      isUnrestricted: false,
      permissions: [
        {
          rule: 'tenants have their rows',
          effect: 'ALLOW',
          actions: ['READ', 'WRITE', 'DELETE'],
          sensitivity: null,
          entityIds: ['{claims.tenant}:*'],
        },
        {
          rule: 'tenants make training sets',
          effect: 'ALLOW',
          actions: ['TRAINING_SET'],
          sensitivity: null,
          entityIds: null,
        },
      ],
    });
    expect((await shop.ask('nobody', query)).data.viewer.permissions).toEqual([]);
  });
});

describe.each(TRANSPORTS)('featureValues over %s', (transport) => {
  it('that goes on at a cursor has no value of a denied feature, also with the cursor of another principal', async () => {
    const id = `acme:cursor${transport.length}`;
    const follow = (who: 'admin' | 'ann', after: string | null) =>
      shop.follow(
        transport,
        who,
        `subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["${id}"]
          ${after === null ? '' : `after: "${after}"`}) { cursor written { name value } } }`,
        (_result, end) => end(),
      );
    const { cursor } = (await follow('admin', null)).results[0].data.featureValues;
    await write('admin', [row(id, { email: 'new@secret.example', city: 'Lugano' }, '2001-02-01T00:00:00Z')]);
    const names = async (who: 'admin' | 'ann'): Promise<unknown> =>
      (await follow(who, cursor)).results[0].data.featureValues.written.map(({ name }: any) => name).sort();
    expect(await names('admin')).toEqual(['city', 'email']);
    expect(await names('ann')).toEqual(['city']);
  });

  const query = `subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["acme:1","beta:1"]) {
    entities { entityId features(names: ["city", "email"]) { value status } } written { entityId name value } } }`;

  it('has no denied value, and no event for a write of one', async () => {
    const id = `acme:${transport.length}`;
    const followed = query.replace('acme:1', id);
    let events = 0;
    const { results, error } = await shop.follow(transport, 'ann', followed, (_result, end) => {
      events += 1;
      if (events === 1) {
        void (async () => {
          await write('admin', [row(id, { email: 'new@secret.example' }, '2001-02-01T00:00:00Z')]);
          await write('admin', [row(id, { city: 'Lugano' }, '2001-02-02T00:00:00Z')]);
        })();
      } else end();
    });
    expect(error).toBeUndefined();
    expect(JSON.stringify(results)).not.toContain('secret');
    expect(results[0].data.featureValues.entities.map(({ features }: any) => features[1].status)).toEqual([
      'DENIED',
      'DENIED',
    ]);
    // The first write gave no event: the second event has the value of the second write.
    expect(results[1].data.featureValues.written).toEqual([{ entityId: id, name: 'city', value: 'Lugano' }]);
    expect(results[1].data.featureValues.entities).toEqual([
      {
        entityId: id,
        features: [
          { value: 'Lugano', status: 'PRESENT' },
          { value: null, status: 'DENIED' },
        ],
      },
    ]);
  });
});
