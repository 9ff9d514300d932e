import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatInstant } from '../../../values/instant.js';
import { NOW, smallRegistry, T } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written userErrors { message } }
}`;
const DELETE = `mutation ($input: DeleteEntitiesInput!) {
  deleteEntities(input: $input) { deleted remaining { store reason } userErrors { code field row message } }
}`;

let gateway: StoreGateway;
let now = NOW;
beforeEach(async () => {
  now = NOW;
  gateway = await startStoreGateway(smallRegistry(), {}, () => now);
});
afterEach(() => gateway.close());

const at = (seconds: number): string => formatInstant(T(seconds));

async function write(entityId: string, seconds: number | null, feature: string, value: unknown): Promise<void> {
  const timestamp = seconds === null ? null : at(seconds);
  const rows = [{ entityType: 'customer', entityId, timestamp, values: [{ feature, value }] }];
  const { data } = await gateway.ask(WRITE, { input: { featurestore: 'shop', rows } });
  expect(data.writeFeatureValues).toEqual({ written: 1, userErrors: [] });
}

async function deleteEntities(entityIds: string[], more: object = {}) {
  const input = { featurestore: 'shop', entityType: 'customer', entityIds, ...more };
  const { data, errors } = await gateway.ask(DELETE, { input });
  expect(errors).toBeUndefined();
  return data.deleteEntities;
}

async function statuses(entityId: string, asOf: string | null = null): Promise<string[]> {
  const { data, errors } = await gateway.ask(
    `query ($id: ID!, $asOf: DateTime) {
      entity(featurestore: "shop", entityType: "customer", entityId: $id, asOf: $asOf) { features { value status } }
    }`,
    { id: entityId, asOf },
  );
  expect(errors).toBeUndefined();
  return data.entity?.features.map(({ value, status }: any) => value ?? status) ?? [];
}

const NOTHING = ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'];

describe('deleteEntities', () => {
  it('deletes online values, history, static values, undrained rows and rows of the future, of these entities alone', async () => {
    await write('1', -9, 'orders_7d', 9);
    await write('1', null, 'born', at(-90));
    await gateway.stores.writers.logged!.drained();
    await write('1', -5, 'city', 'Bern');
    await write('1', 60, 'orders_7d', 60);
    await write('2', -5, 'city', 'Basel');
    expect(await deleteEntities(['1', 'unknown', '1'])).toEqual({ deleted: 2, remaining: [], userErrors: [] });
    now = T(61);
    await write('2', 60, 'city', 'Chur');
    for (const asOf of [null, at(61), at(-5)]) expect(await statuses('1', asOf)).toEqual(NOTHING);
    expect(await statuses('2')).toContain('Chur');
    expect(await statuses('2', at(-5))).toContain('Basel');
  });

  it('restores by a later write only what was written later, also with an older event time', async () => {
    await write('1', -5, 'orders_7d', 5);
    await write('1', -5, 'city', 'Bern');
    await deleteEntities(['1']);
    await write('1', -8, 'orders_7d', 8);
    for (const asOf of [null, at(0)]) {
      const read = await statuses('1', asOf);
      expect(read).toContain('8');
      expect(read).not.toContain('Bern');
    }
    // The row that was deleted is new again, not a duplicate.
    await write('1', -5, 'orders_7d', 5);
    expect(await statuses('1')).toContain('5');
  });

  it('deletes nothing when an id, the entity type or the number of ids is wrong, and names the path', async () => {
    await write('1', -5, 'orders_7d', 5);
    expect(await deleteEntities(['1', ''])).toMatchObject({
      deleted: 0,
      userErrors: [{ code: 'BAD_USER_INPUT', field: ['input', 'entityIds', '1'], row: 1 }],
    });
    expect((await deleteEntities(['1'], { entityType: 'client' })).userErrors).toMatchObject([
      { code: 'ENTITY_TYPE_NOT_FOUND', field: ['input', 'entityType'] },
    ]);
    expect((await deleteEntities(['1'], { featurestore: 'shed' })).userErrors).toMatchObject([
      { code: 'FEATURESTORE_NOT_FOUND' },
    ]);
    for (const ids of [[], Array.from({ length: 1001 }, (_, id) => String(id))]) {
      expect((await deleteEntities(ids)).userErrors).toMatchObject([
        { code: 'BAD_USER_INPUT', field: ['input', 'entityIds'] },
      ]);
    }
    expect(await statuses('1')).toContain('5');
  });
});
