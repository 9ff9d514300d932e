import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { T, NOW, smallRegistry } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { formatInstant } from '../../../values/instant.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written duplicates userErrors { code field row message } }
}`;

let gateway: StoreGateway;
let now = NOW;
beforeEach(async () => {
  now = NOW;
  gateway = await startStoreGateway(smallRegistry(), {}, () => now);
});
afterEach(() => gateway.close());

const at = (seconds: number): string => formatInstant(T(seconds));
const row = (seconds: number | null, values: Record<string, unknown>, entityId = '1', entityType = 'customer') => ({
  entityType,
  entityId,
  timestamp: seconds === null ? null : at(seconds),
  values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
});

async function write(rows: unknown[], more: Record<string, unknown> = {}) {
  const answer = await gateway.ask(WRITE, { input: { featurestore: 'shop', rows, ...more } });
  expect(answer.errors).toBeUndefined();
  return answer.data.writeFeatureValues;
}

async function readValues(asOf: string | null = null, entityType = 'customer', entityId = '1') {
  const { data, errors } = await gateway.ask(
    `query ($asOf: DateTime, $type: String!, $id: ID!) {
      entity(featurestore: "shop", entityType: $type, entityId: $id, asOf: $asOf) { features { name value status } }
    }`,
    { asOf, type: entityType, id: entityId },
  );
  expect(errors).toBeUndefined();
  return Object.fromEntries(data.entity.features.map(({ name, value, status }: any) => [name, value ?? status]));
}

describe('writeFeatureValues', () => {
  it('writes values that reads now and as of a past moment find at once', async () => {
    expect(
      await write([row(-10, { orders_7d: '9007199254740993', city: 'Bern' }), row(null, { born: at(-90) })]),
    ).toEqual({
      written: 2,
      duplicates: 0,
      userErrors: [],
    });
    const expected = { orders_7d: '9007199254740993', mean_basket: 'NULL', city: 'Bern', born: at(-90) };
    expect(await readValues()).toEqual(expected);
    expect(await readValues(at(-10))).toEqual(expected);
    expect(await readValues(at(-11))).toEqual({
      ...expected,
      orders_7d: 'NOT_FOUND',
      mean_basket: 'NOT_FOUND',
      city: 'NOT_FOUND',
    });
  });

  it('counts a repeated row as a duplicate, also an older one and one of the same request', async () => {
    const rows = [row(-5, { orders_7d: 5 }), row(-8, { orders_7d: 8 }), row(-8, { orders_7d: '8' })];
    expect(await write(rows)).toMatchObject({ written: 2, duplicates: 1 });
    expect(await write(rows)).toMatchObject({ written: 0, duplicates: 3 });
    await gateway.stores.writers.logged!.drained();
    expect(await write(rows)).toMatchObject({ written: 0, duplicates: 3 });
    expect(await readValues()).toMatchObject({ orders_7d: '5' });
    expect(await readValues(at(-6))).toMatchObject({ orders_7d: '8' });
  });

  it('takes another value of the same time as a correction, and an older time as history alone', async () => {
    await write([row(-5, { orders_7d: 1 })]);
    await write([row(-5, { orders_7d: 2 })]);
    await write([row(-5, { orders_7d: 1 })]);
    await write([row(-9, { orders_7d: 9, mean_basket: 0.5 })]);
    for (const asOf of [null, at(0)]) {
      expect(await readValues(asOf)).toMatchObject({ orders_7d: '1', mean_basket: 0.5 });
    }
    const { data } = await gateway.ask(`{ featurestore(name: "shop") { entityType(name: "customer") { name } } }`);
    expect(data).toBeTruthy();
  });

  it('writes the good rows and names the fault of each other row by a path of the input', async () => {
    const rows = [
      row(-1, { orders_7d: 1 }),
      row(-1, { orders_7d: 1.5 }),
      row(-1, { orders_8d: 1 }),
      row(null, { orders_7d: 1 }),
      { ...row(-1, { orders_7d: 1 }), timestamp: '1899-12-31T00:00:00Z' },
      { ...row(-1, { orders_7d: 1 }), timestamp: '2099-01-01T00:00:00Z' },
      row(-1, { orders_7d: 1 }, ''),
      row(-1, { orders_7d: 1 }, '1', 'client'),
      row(-1, {}),
      row(-1, { seconds: null }, '1,2', 'visit'),
    ];
    const { written, userErrors } = await write(rows);
    expect(written).toBe(2);
    expect(userErrors.map(({ code, field, row }: any) => [row, code, field.join('.')])).toEqual([
      [1, 'BAD_USER_INPUT', 'input.rows.1.values.0.value'],
      [2, 'FEATURE_NOT_FOUND', 'input.rows.2.values.0.feature'],
      [3, 'BAD_USER_INPUT', 'input.rows.3.timestamp'],
      [4, 'BAD_USER_INPUT', 'input.rows.4.timestamp'],
      [5, 'BAD_USER_INPUT', 'input.rows.5.timestamp'],
      [6, 'BAD_USER_INPUT', 'input.rows.6.entityId'],
      [7, 'ENTITY_TYPE_NOT_FOUND', 'input.rows.7.entityType'],
      [8, 'BAD_USER_INPUT', 'input.rows.8'],
    ]);
    expect(await readValues(null, 'visit', '1,2')).toEqual({ seconds: 'NULL' });
  });

  it('gives a repeated idempotency key its first result, and refuses it with other rows', async () => {
    const rows = [row(-5, { orders_7d: 1 })];
    const first = await write(rows, { idempotencyKey: 'a' });
    await write([row(-5, { orders_7d: 2 })]);
    expect(await write(rows, { idempotencyKey: 'a' })).toEqual(first);
    expect(await readValues()).toMatchObject({ orders_7d: '2' });
    const { userErrors } = await write([row(-5, { orders_7d: 3 })], { idempotencyKey: 'a' });
    expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'idempotencyKey'] }]);
  });

  it('serves a row of the future when its time comes', async () => {
    await write([row(-5, { orders_7d: 1 }), row(60, { orders_7d: 2 })]);
    expect(await readValues()).toMatchObject({ orders_7d: '1' });
    expect(await write([row(60, { orders_7d: 2 })])).toMatchObject({ duplicates: 1 });
    now = T(61);
    await write([row(-5, { orders_7d: 1 }, '2')]);
    expect(await readValues()).toMatchObject({ orders_7d: '2' });
    expect(await readValues(at(61))).toMatchObject({ orders_7d: '2' });
    expect(await readValues(at(59))).toMatchObject({ orders_7d: '1' });
  });
});
