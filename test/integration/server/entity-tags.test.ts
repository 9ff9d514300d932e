import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Gateway } from '../../../main.js';
import { startPolicedGateway, POLICY, type Who } from '../../support/policed-gateway.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { WRITE_VALUES } from '../../support/written-shop.js';

const registry = (ttlSeconds = 1_000_000_000): string => `
featurestores:
  - name: shop
    tables: { orders: orders.csv }
    entityTypes:
      - name: customer
        ttlSeconds: ${ttlSeconds}
        sources:
          - name: notes
            features: [{ name: note, valueType: STRING }]
          - name: computed
            sql: computed.sql
            features: [{ name: total, valueType: INT64 }]
      - name: page
        sources: [{ name: clicks, features: [{ name: clicks, valueType: INT64 }] }]
`;
const ORDERS = 'id,moment,total\nann,2024-01-01T00:00:00Z,5\n';
const SQL = 'SELECT id AS entity_id, moment AS event_timestamp, total FROM orders';
const AS_OF = '2024-06-01T00:00:00Z';
const READ = `query Read($id: ID!, $asOf: DateTime) {
  entity(featurestore: "shop", entityType: "customer", entityId: $id, asOf: $asOf) { features { name value status } }
}`;
const variables = { id: 'ann', asOf: AS_OF };

interface Got {
  readonly status: number;
  readonly etag: string | null;
  readonly headers: Headers;
  readonly text: string;
}

async function get(
  url: string,
  query: string,
  sent: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Got> {
  const to = new URL(url);
  to.searchParams.set('query', query);
  to.searchParams.set('variables', JSON.stringify(sent));
  const response = await fetch(to, { headers: { accept: 'application/graphql-response+json', ...headers } });
  const { status, headers: answered } = response;
  return { status, etag: answered.get('etag'), headers: answered, text: await response.text() };
}

async function post(url: string, query: string, sent: object): Promise<any> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables: sent }) });
  return response.json();
}

let folder: string;
let gateway: Gateway;
const start = async (): Promise<void> => {
  gateway = await startRegistryGateway(folder, { environment: { METRICS_PORT: '0' } });
};
beforeEach(async () => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), registry());
  writeFileSync(join(folder, 'orders.csv'), ORDERS);
  writeFileSync(join(folder, 'computed.sql'), SQL);
  await start();
});
afterEach(() => gateway.stop());

const ask = (query = READ, sent: Readonly<Record<string, unknown>> = variables, headers = {}): Promise<Got> =>
  get(gateway.url, query, sent, headers);
const write = async (entityType: string, entityId: string, timestamp: string, feature: string, value: string) => {
  const rows = [{ entityType, entityId, timestamp, values: [{ feature, value }] }];
  const { data } = await post(gateway.url, WRITE_VALUES, { input: { featurestore: 'shop', rows } });
  expect(data.writeFeatureValues).toMatchObject({ written: 1, userErrors: [] });
};
const tagOf = async (): Promise<string> => (await ask()).etag!;
const pastReads = async (): Promise<number> => {
  const text = await (await fetch(gateway.metricsUrl!)).text();
  return [...text.matchAll(/^featuregraph_past_reads_total\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
};

/** A client holds the answer to READ. Returns what it gets when it asks whether that is still right. */
async function revalidate(etag: string): Promise<Got> {
  const [lane, apollo] = [
    await ask(READ, variables, { 'if-none-match': etag }),
    await ask(`# another text\n${READ}`, variables, { 'if-none-match': etag }),
  ];
  expect([apollo.status, apollo.etag, apollo.text]).toEqual([lane.status, lane.etag, lane.text]);
  return lane;
}

describe('a read of the past by GET', () => {
  it('has a tag, the same from Apollo and from the hot lane, and is private and asked for again', async () => {
    const [first, second] = [await ask(), await ask()];
    expect(first.etag).toMatch(/^W\/"[\w-]{43}"$/);
    expect(second.etag).toBe(first.etag);
    for (const { headers } of [first, second]) {
      expect(headers.get('cache-control')).toBe('private, no-cache');
      expect(headers.get('vary')).toBe('origin, accept');
    }
  });

  it('is answered with 304, without a body and without a read of the stores, while nothing changed', async () => {
    const etag = await tagOf();
    const before = await pastReads();
    const { status, text, headers } = await revalidate(etag);
    expect([status, text, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      304,
      '',
      null,
      'private, no-cache',
    ]);
    expect(await pastReads()).toBe(before);
    expect((await ask(READ, variables, { 'if-none-match': `"other", ${etag}` })).status).toBe(304);
    expect((await ask(READ, { ...variables, id: 'bob' }, { 'if-none-match': etag })).status).toBe(200);
  });

  it('has another tag after each write of its entity type, also of a late value, and the new value', async () => {
    let etag = await tagOf();
    for (let at = 1; at <= 20; at += 1) {
      const note = `note ${at}`;
      await write('customer', 'ann', `2024-02-${String(21 - at).padStart(2, '0')}T00:00:00Z`, 'note', note);
      const answer = await revalidate(etag);
      expect(answer.status).toBe(200);
      expect(answer.etag).not.toBe(etag);
      expect(answer.text).toContain('"note 1"');
      etag = answer.etag!;
    }
    await write('page', 'home', '2024-02-01T00:00:00Z', 'clicks', '1');
    expect((await revalidate(etag)).status).toBe(304);
  });

  it('has another tag after a deletion', async () => {
    await write('customer', 'ann', '2024-02-01T00:00:00Z', 'note', 'gone');
    const etag = await tagOf();
    const input = { featurestore: 'shop', entityType: 'customer', entityIds: ['ann'] };
    const remove = `mutation ($input: DeleteEntitiesInput!) { deleteEntities(input: $input) { userErrors { message } } }`;
    expect((await post(gateway.url, remove, { input })).data.deleteEntities.userErrors).toEqual([]);
    const answer = await revalidate(etag);
    expect([answer.status, answer.text.includes('gone')]).toEqual([200, false]);
  });

  it('has another tag after a refresh of changed files', async () => {
    const etag = await tagOf();
    writeFileSync(join(folder, 'orders.csv'), `${ORDERS}ann,2024-03-01T00:00:00Z,7\n`);
    const refresh = `mutation ($input: RefreshSourceInput!) { refreshSource(input: $input) { job { id } userErrors { message } } }`;
    const { data } = await post(gateway.url, refresh, {
      input: { featurestore: 'shop', entityType: 'customer', source: 'computed' },
    });
    const { id } = data.refreshSource.job;
    const job = 'query ($id: ID!) { job(id: $id) { state } }';
    await until(async () => (await post(gateway.url, job, { id })).data.job.state === 'SUCCEEDED');
    const answer = await revalidate(etag);
    expect([answer.status, answer.text.includes('"value":"7"')]).toEqual([200, true]);
  });

  it('has the same tag after a restart, and another one after a write before it', async () => {
    const etag = await tagOf();
    const restart = async (): Promise<void> => {
      await gateway.stop();
      await start();
    };
    await restart();
    expect((await revalidate(etag)).status).toBe(304);
    await write('customer', 'ann', '2024-02-01T00:00:00Z', 'note', 'new');
    const next = await tagOf();
    await restart();
    expect(await tagOf()).toBe(next);
    expect((await revalidate(etag)).status).toBe(200);
  });

  it('has another tag under another registry, also when the first one comes back', async () => {
    const etag = await tagOf();
    const apply = async (text: string): Promise<string> => {
      writeFileSync(join(folder, 'registry.yaml'), text);
      expect((await gateway.reload()).isApplied).toBe(true);
      return tagOf();
    };
    const shorter = await apply(registry(60));
    expect((await ask()).text).toContain('EXPIRED');
    const again = await apply(registry());
    expect(new Set([etag, shorter, again]).size).toBe(3);
    const renamed = registry().replace('{ name: note,', '{ name: remark, renamedFrom: note,');
    expect(await apply(renamed)).not.toBe(again);
  });
});

describe('a request has no tag', () => {
  it.each([
    ['a read of now', READ, { id: 'ann' }],
    ['a read as of a time to come', READ, { id: 'ann', asOf: '2999-01-01T00:00:00Z' }],
    ['a read of the past beside one of now', `${READ.slice(0, -1)} viewer { name } }`, variables],
    ['a read of an unknown entity type', READ.replace('"customer"', '"other"'), variables],
    [
      'a field that tells of the present',
      READ.replace('status', 'status explanation { outcome: __typename }'),
      variables,
    ],
    ['a read with errors', READ.replace('features {', 'features(names: ["other"]) {'), variables],
  ])('for %s', async (_, query, sent) => {
    for (let round = 0; round < 2; round += 1) {
      const { etag, headers } = await ask(query, sent, { 'if-none-match': '*' });
      expect([etag, headers.get('cache-control')]).toEqual([null, 'no-store']);
    }
  });

  it('that asks for the cost, or comes by POST', async () => {
    expect((await ask(READ, variables, { 'x-show-cost': 'true' })).etag).toBeNull();
    const headers = { 'content-type': 'application/json', 'if-none-match': '*' };
    const body = JSON.stringify({ query: READ, variables });
    const response = await fetch(gateway.url, { method: 'POST', headers, body });
    expect([response.status, response.headers.get('etag')]).toEqual([200, null]);
    await response.text();
  });

  it.each([
    ['typed', `query ($id: ID!, $asOf: DateTime) { shop { customer(entityId: $id, asOf: $asOf) { note total } } }`],
    [
      'matrix',
      `query ($id: ID!, $asOf: DateTime) { featureMatrix(featurestore: "shop", entityType: "customer", entityIds: [$id], names: ["note"], asOf: $asOf) { values } }`,
    ],
    [
      'history',
      `query ($id: ID!, $asOf: DateTime) { ...all } fragment all on Query { entity(featurestore: "shop", entityType: "customer", entityId: $id, asOf: $asOf) { history(feature: "note") { nodes { value } } } }`,
    ],
  ])('but a %s read of the past has one', async (_, query) => {
    const { etag } = await ask(query);
    expect(etag).not.toBeNull();
    expect((await ask(query, variables, { 'if-none-match': etag! })).status).toBe(304);
    await write('customer', 'ann', '2024-02-01T00:00:00Z', 'note', 'new');
    expect((await ask(query, variables, { 'if-none-match': etag! })).status).toBe(200);
  });
});

describe('principals', () => {
  it('have tags of their own, which a changed policy replaces, and answers vary by what identifies them', async () => {
    const policed = await startPolicedGateway();
    onTestFinished(() => policed.close());
    const query = READ.replace('$id: ID!, ', '').replace('entityId: $id', `entityId: "x"`);
    const of = (who: Who, headers = {}): Promise<Got> =>
      get(policed.url, query, { asOf: AS_OF }, { ...policed.headersOf(who), ...headers });
    const [ann, bob, admin] = [await of('ann'), await of('bob'), await of('admin')];
    expect(new Set([ann.etag, bob.etag, admin.etag]).size).toBe(3);
    expect(ann.headers.get('vary')).toBe('origin, accept, authorization');
    expect((await of('ann', { 'if-none-match': bob.etag })).status).toBe(200);
    expect((await of('ann', { 'if-none-match': ann.etag })).status).toBe(304);
    policed.writePolicy(POLICY.replace('sensitivity: [PUBLIC, INTERNAL]', 'sensitivity: [PUBLIC]'));
    await policed.gateway.reload();
    const after = await of('ann', { 'if-none-match': ann.etag });
    expect([after.status, after.text.includes('DENIED')]).toEqual([200, true]);
  });
});
