import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatInstant, type Instant } from '../../../values/instant.js';
import { NOW, smallRegistry } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { TRANSPORTS, type StreamClient } from '../../support/stream-clients.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written userErrors { code } }
}`;
const FOLLOW = `subscription ($after: String, $names: [String!]) {
  featureValues(featurestore: "shop", entityType: "customer", entityIds: ["a", "b"], names: $names, after: $after) {
    cursor
    entities { entityId features(names: ["city"]) { value } }
    written { value isNewest }
  }
}`;
const HOUR: Instant = 3_600_000_000n;

let gateway: StoreGateway;
let now: Instant;
beforeEach(async () => {
  now = NOW;
  gateway = await startStoreGateway(smallRegistry(), {}, () => now);
});
afterEach(() => gateway.close());

async function write(timestamp: Instant, values: Readonly<Record<string, unknown>>, entityId = 'a'): Promise<void> {
  const row = {
    entityType: 'customer',
    entityId,
    timestamp: formatInstant(timestamp),
    values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
  };
  const { data, errors } = await gateway.ask(WRITE, { input: { featurestore: 'shop', rows: [row] } });
  expect(errors).toBeUndefined();
  expect(data.writeFeatureValues).toEqual({ written: 1, userErrors: [] });
}

/** An hour passes: a commit brings the due rows online first, as a timer does while nothing is written. */
async function passHour(): Promise<void> {
  now += HOUR;
  await write(now - 1n, { orders_7d: '1' }, 'other');
}

/** Follows until an event satisfies `isLast`, does the next step after each event, and gives all events. */
async function follow(
  client: StreamClient,
  variables: Record<string, unknown>,
  isLast: (event: any) => boolean,
  ...steps: readonly (() => Promise<void>)[]
): Promise<any[]> {
  const events: any[] = [];
  const running: Promise<void>[] = [];
  const { error } = await client.follow({ query: FOLLOW, variables }, (result, end) => {
    const event = result.data.featureValues;
    const step = steps[events.length];
    if (step) running.push(step());
    events.push(event);
    if (isLast(event)) end();
  });
  client.close();
  await Promise.all(running);
  expect(error).toBeUndefined();
  return events;
}

const hasCity =
  (city: string) =>
  ({ entities }: any): boolean =>
    entities.some(({ features }: any) => features[0].value === city);

describe.each(TRANSPORTS)('a row of the future over %s', (_name, createClient) => {
  const client = (): StreamClient => createClient(gateway.url);
  const writeFuture = (): Promise<void> => write(now + HOUR, { city: 'Chur' });

  it('comes when it is written, and its entity again when its time comes', async () => {
    await write(now - 1n, { city: 'Bern' });
    const events = await follow(client(), {}, hasCity('Chur'), writeFuture, passHour);
    expect(events).toMatchObject([
      { entities: [{ features: [{ value: 'Bern' }] }, {}] },
      { entities: [], written: [{ value: 'Chur', isNewest: false }] },
      { entities: [{ entityId: 'a', features: [{ value: 'Chur' }] }], written: [] },
    ]);
  });

  it('comes at its time to a subscription that went on at a cursor of before, and then to none again', async () => {
    await write(now - 1n, { city: 'Bern' });
    const [{ cursor }] = await follow(client(), {}, () => true);
    await writeFuture();
    const resumed = await follow(client(), { after: cursor }, hasCity('Chur'), passHour);
    expect(resumed).toMatchObject([
      { written: [{ value: 'Chur', isNewest: false }] },
      { entities: [{ entityId: 'a', features: [{ value: 'Chur' }] }], written: [] },
    ]);
    const after = resumed.at(-1).cursor;
    const later = await follow(client(), { after }, hasCity('x'), () => write(now, { city: 'x' }));
    expect(later.map(({ written }) => written)).toEqual([[], [{ value: 'x', isNewest: true }]]);
  });

  it('gives no event at its time to a client that follows other features', async () => {
    const events = await follow(
      client(),
      { names: ['orders_7d'] },
      ({ written }) => written.length > 0,
      async () => {
        await writeFuture();
        await passHour();
        await write(now - 1n, { orders_7d: '7' });
      },
    );
    expect(events).toHaveLength(2);
  });
});
