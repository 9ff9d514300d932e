import { tableFromIPC, type Table } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VALUES_OF_EVERY_TYPE } from '../../support/every-value-type.js';
import { startPolicedGateway, type PolicedGateway, type Who } from '../../support/policed-gateway.js';
import { findSource, NOW, row, smallRegistry, T } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const STREAM = 'application/vnd.apache.arrow.stream';

function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(new URL('/arrow/featureMatrix', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: STREAM, ...headers },
    body: JSON.stringify(body),
  });
}

async function tableOf(response: Response): Promise<Table> {
  expect(response.status, response.ok ? '' : await response.clone().text()).toBe(200);
  expect(response.headers.get('content-type')).toBe(STREAM);
  return tableFromIPC(new Uint8Array(await response.arrayBuffer()));
}

describe('an Arrow stream of a feature matrix', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(smallRegistry(), { maxResponseBytes: 3_000_000 });
  });
  afterAll(() => gateway.close());

  const customers = { featurestore: 'shop', entityType: 'customer', names: ['orders_7d', 'city'] };

  it('has every value of every type exactly', async () => {
    const source = findSource(gateway, 'lab', 'sample');
    const types = Object.entries(VALUES_OF_EVERY_TYPE);
    const cells = types.flatMap(([name, values]) =>
      values.map((value, index) => ({ id: `${name} ${index}`, name, value })),
    );
    await gateway.write(
      source,
      cells.map(({ id, name, value }) => row(id, 0, { [name]: value })),
    );
    const names = types.map(([name]) => name);
    const entityIds = cells.map(({ id }) => id);
    const table = await tableOf(
      await post(gateway.url, { featurestore: 'lab', entityType: 'sample', entityIds, names }),
    );
    expect(table.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual([
      ['entityId', 'Utf8'],
      ['bool', 'Bool'],
      ['bool_array', 'List<Bool>'],
      ['double', 'Float64'],
      ['double_array', 'List<Float64>'],
      ['int64', 'Int64'],
      ['int64_array', 'List<Int64>'],
      ['string', 'Utf8'],
      ['string_array', 'List<Utf8>'],
      ['bytes', 'Binary'],
      ['struct', 'Utf8'],
      ['timestamp', 'Timestamp<MICROSECOND, UTC>'],
    ]);
    for (const [index, { id, name, value }] of cells.entries()) {
      expect(table.getChild('entityId')!.get(index)).toBe(id);
      for (const other of names) {
        const vector = table.getChild(other)!;
        if (other !== name) expect(vector.isValid(index), `${id} ${other}`).toBe(false);
      }
      const vector = table.getChild(name)!;
      const found: unknown = name === 'timestamp' ? microseconds(table, index) : vector.get(index);
      const plain = Array.isArray(value)
        ? [...(found as Iterable<unknown>)]
        : name === 'struct'
          ? JSON.parse(String(found))
          : found;
      expect(plain, id).toEqual(value);
    }
  });

  it('has statuses and times where they are asked for, and says the value type', async () => {
    await gateway.write(findSource(gateway, 'shop', 'customer'), [
      row('ann', -5, { orders_7d: 3n, mean_basket: null, city: null }),
      row('old', -500, { orders_7d: 3n, mean_basket: null, city: 'Bern' }),
    ]);
    const body = { ...customers, entityIds: ['ann', 'eve', 'old', 'ann'], withStatuses: true, withTimestamps: true };
    const table = await tableOf(await post(gateway.url, body));
    expect(table.schema.fields.map(({ name }) => name)).toEqual([
      ...['entityId', 'orders_7d', 'orders_7d__status', 'orders_7d__timestamp'],
      ...['city', 'city__status', 'city__timestamp'],
    ]);
    expect([...table.getChild('orders_7d')!]).toEqual([3n, null, null, 3n]);
    expect([...table.getChild('orders_7d__status')!]).toEqual(['PRESENT', 'NOT_FOUND', 'EXPIRED', 'PRESENT']);
    expect([...table.getChild('city__status')!]).toEqual(['NULL', 'NOT_FOUND', 'PRESENT', 'NULL']);
    expect(table.schema.fields[1]!.metadata.get('featuregraph.valueType')).toBe('INT64');
    const past = { ...customers, entityIds: ['ann'], asOf: '2001-09-09T01:46:34.999999Z' };
    expect([...(await tableOf(await post(gateway.url, past))).getChild('orders_7d')!]).toEqual([null]);
    expect(T(-5)).toBeLessThan(NOW);
  });

  it('is the same as the feature matrix of GraphQL, in several batches', async () => {
    const entityIds = Array.from({ length: 5_000 }, (_, index) => `c${index}`);
    await gateway.write(
      findSource(gateway, 'shop', 'customer'),
      entityIds.map((id, index) => row(id, -1, { orders_7d: BigInt(index), mean_basket: 1, city: `city ${index}` })),
    );
    const table = await tableOf(await post(gateway.url, { ...customers, entityIds }));
    expect(table.batches.length).toBeGreaterThan(1);
    const { data } = await gateway.ask(
      'query ($ids: [ID!]!) { featureMatrix(featurestore: "shop", entityType: "customer", entityIds: $ids, names: ["orders_7d", "city"]) { values } }',
      { ids: entityIds },
    );
    const rows = [...table].map((one) => [String(one.orders_7d), one.city]);
    expect(rows).toEqual(data.featureMatrix.values);
  });

  it('has its schema without rows', async () => {
    const table = await tableOf(await post(gateway.url, { ...customers, entityIds: [] }));
    expect([table.numRows, table.numCols]).toEqual([0, 3]);
  });

  it.each<[string, object, number, string]>([
    ['an unknown feature', { names: ['nothing'] }, 404, 'FEATURE_NOT_FOUND'],
    ['an unknown argument', { limit: 5 }, 400, 'BAD_REQUEST'],
    ['a wrong type', { asOf: 'yesterday' }, 400, 'BAD_USER_INPUT'],
    ['a flag that is none', { withStatuses: 'yes' }, 400, 'BAD_USER_INPUT'],
    ['too many ids', { entityIds: Array(10_001).fill('a') }, 400, 'BAD_USER_INPUT'],
    ['a feature twice', { names: ['city', 'city'] }, 400, 'BAD_USER_INPUT'],
  ])('is refused as JSON, with the code of the error: %s', async (_what, more, status, code) => {
    const response = await post(gateway.url, { ...customers, entityIds: ['ann'], ...more });
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    expect([response.status, errors[0]!.extensions.code]).toEqual([status, code]);
  });

  it('is refused for another type than an Arrow stream, another body and another method', async () => {
    const body = { ...customers, entityIds: [] };
    for (const accept of ['application/json', `${STREAM};q=0`, `*/*, ${STREAM};q=0`, '*/*;q=0']) {
      expect([accept, (await post(gateway.url, body, { accept })).status]).toEqual([accept, 400]);
    }
    for (const accept of [`${STREAM};q=0.1`, 'application/*', '*/*', 'application/vnd.apache.arrow.*']) {
      expect([accept, (await post(gateway.url, body, { accept })).status]).toEqual([accept, 200]);
    }
    expect((await post(gateway.url, body, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await fetch(new URL('/arrow/featureMatrix', gateway.url))).status).toBe(405);
  });

  it('is refused when it would be over the limit of an answer', async () => {
    const source = findSource(gateway, 'lab', 'sample');
    await gateway.write(source, [row('big', 0, { string: 'x'.repeat(60_000) })]);
    const body = { featurestore: 'lab', entityType: 'sample', entityIds: Array(60).fill('big'), names: ['string'] };
    const response = await post(gateway.url, body);
    expect(await response.text()).toContain('RESPONSE_TOO_LARGE');
    expect(response.status).toBe(413);
  });
});

/** apache-arrow gives times as milliseconds in a double; the column itself has microseconds. */
function microseconds(table: Table, index: number): bigint {
  const [batch] = table.batches;
  const column = table.schema.fields.findIndex(({ name }) => name === 'timestamp');
  return (batch!.data.children[column]!.values as BigInt64Array)[index]!;
}

describe('an Arrow stream under a policy', () => {
  let shop: PolicedGateway;
  beforeAll(async () => {
    shop = await startPolicedGateway();
  });
  afterAll(() => shop.close());

  it('has nulls for what the principal may not read, and says so', async () => {
    await shop.ingest('admin', 'customer', [
      { entityId: 'acme:1', timestamp: '2024-01-01T00:00:00Z', values: { orders: '7', email: 'a@b.ch' } },
    ]);
    const body = {
      featurestore: 'shop',
      entityType: 'customer',
      entityIds: ['acme:1'],
      names: ['orders', 'email'],
      withStatuses: true,
    };
    const read = async (who: Who) => tableOf(await post(shop.url, body, shop.headersOf(who)));
    const seen = await read('ann');
    expect([...seen.getChild('orders')!]).toEqual([7n]);
    expect([...seen.getChild('email')!]).toEqual([null]);
    expect([...seen.getChild('email__status')!]).toEqual(['DENIED']);
    expect(seen.schema.fields.find(({ name }) => name === 'email')!.metadata.get('featuregraph.deniedRows')).toBe('1');
    expect([...(await read('admin')).getChild('email')!]).toEqual(['a@b.ch']);
    expect((await post(shop.url, body)).status).toBe(401);
  });
});
