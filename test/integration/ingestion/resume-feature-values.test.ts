import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WRITE_LIMITS } from '../../../limits/write-limits.js';
import { formatInstant, type Instant } from '../../../values/instant.js';
import { T, NOW, smallRegistry } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { collectErrors, TRANSPORTS, type Outcome, type StreamClient } from '../../support/stream-clients.js';
import { until } from '../../support/until.js';

const WRITE = `mutation ($input: WriteFeatureValuesInput!) {
  writeFeatureValues(input: $input) { written duplicates userErrors { code message } }
}`;
const FOLLOW = `subscription ($ids: [ID!]!, $names: [String!], $after: String) {
  featureValues(featurestore: "shop", entityType: "customer", entityIds: $ids, names: $names, after: $after) {
    cursor
    entities { entityId features(names: ["city"]) { value } }
    written { entityId name value timestamp isNewest }
  }
}`;
const DAY: Instant = 86_400_000_000n;

let gateway: StoreGateway;
let now: Instant;
beforeEach(async () => {
  now = NOW;
  gateway = await startStoreGateway(smallRegistry(), {}, () => now);
});
afterEach(() => gateway.close());

type Row = readonly [seconds: number, entityId: string, values: Readonly<Record<string, unknown>>];

async function write(...rows: readonly Row[]): Promise<void> {
  const input = rows.map(([seconds, entityId, values]) => ({
    entityType: 'customer',
    entityId,
    timestamp: formatInstant(T(seconds)),
    values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
  }));
  const { data, errors } = await gateway.ask(WRITE, { input: { featurestore: 'shop', rows: input } });
  expect(errors).toBeUndefined();
  expect(data.writeFeatureValues.userErrors).toEqual([]);
}

interface Seen {
  readonly events: any[];
  readonly outcome: Outcome;
  readonly cursor: string;
}

/** Follows until `isLast` is true of the events so far. */
async function follow(
  client: StreamClient,
  variables: Readonly<Record<string, unknown>>,
  isLast: (events: readonly any[]) => boolean,
  onFirst: () => Promise<void> = async () => undefined,
): Promise<Seen> {
  const events: any[] = [];
  const outcome = await client.follow(
    { query: FOLLOW, variables: { ids: ['a', 'b'], ...variables } },
    (result, end) => {
      if (!result.data) return end();
      events.push(result.data.featureValues);
      if (events.length === 1) void onFirst();
      if (isLast(events)) end();
    },
  );
  client.close();
  return { events, outcome, cursor: events.at(-1)?.cursor };
}

const first = (events: readonly any[]): boolean => events.length === 1;
const valuesOf = (events: readonly any[]): unknown[] =>
  events.flatMap(({ written }) => written.map((w: any) => w.value));
const count =
  (values: number) =>
  (events: readonly any[]): boolean =>
    valuesOf(events).length >= values;

describe.each(TRANSPORTS)('a subscription that goes on at a cursor over %s', (_name, createClient) => {
  const client = (): StreamClient => createClient(gateway.url);

  it('first has the current values and each value since, in the order of the writes, and then the later ones', async () => {
    await write([-50, 'a', { city: 'before' }]);
    const { cursor } = await follow(client(), {}, first);
    await write([-40, 'a', { city: 'one' }], [-40, 'other', { city: 'x' }]);
    await write([-60, 'a', { city: 'late' }]);
    await write([-30, 'b', { city: 'two', orders_7d: 2 }], [-30, 'a', { city: 'three' }]);
    const { events } = await follow(client(), { after: cursor }, count(6), () => write([-20, 'b', { city: 'live' }]));
    expect(events[0].entities).toEqual([
      { entityId: 'a', features: [{ value: 'three' }] },
      { entityId: 'b', features: [{ value: 'two' }] },
    ]);
    const written = events.flatMap((event) => event.written);
    // The values of one row have no order.
    written.splice(2, 2, ...written.slice(2, 4).sort((one, two) => (one.name < two.name ? -1 : 1)));
    expect(written.map(({ entityId, name, value, isNewest }) => [entityId, name, value, isNewest])).toEqual([
      ['a', 'city', 'one', false],
      ['a', 'city', 'late', false],
      ['b', 'city', 'two', true],
      ['b', 'orders_7d', '2', true],
      ['a', 'city', 'three', true],
      ['b', 'city', 'live', true],
    ]);
    expect(written[1].timestamp).toBe(formatInstant(T(-60)));
  });

  it('has nothing twice when each event is followed by a new subscription, also while writes go on', async () => {
    let { cursor } = await follow(client(), {}, first);
    const total = 60;
    const writing = (async () => {
      for (let number = 0; number < total; number += 1) await write([number - 100, 'a', { city: `v${number}` }]);
    })();
    const seen: unknown[] = [];
    while (seen.length < total) {
      const { events, outcome, cursor: next } = await follow(client(), { after: cursor }, (all) => all.length > 0);
      expect(outcome.error).toBeUndefined();
      seen.push(...valuesOf(events));
      cursor = next;
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: total }, (_, number) => `v${number}`));
  });

  it('has a gap of many values in several events, each of which can be gone on from', async () => {
    const { cursor } = await follow(client(), {}, first);
    const total = WRITE_LIMITS.maxRowsPerPage * 2 + 500;
    for (let from = 0; from < total; from += 500) {
      await write(
        ...Array.from({ length: 500 }, (_, index): Row => [
          (from + index) / 100 - 50,
          'a',
          { city: `v${from + index}` },
        ]),
      );
    }
    const whole = await follow(client(), { after: cursor, names: ['city'] }, count(total));
    expect(whole.events.length).toBeGreaterThan(1);
    expect(valuesOf(whole.events)).toEqual(Array.from({ length: total }, (_, number) => `v${number}`));
    const rest = await follow(client(), { after: whole.events[0].cursor, names: ['city'] }, (events) =>
      valuesOf(events).includes(`v${total - 1}`),
    );
    const had = valuesOf(whole.events.slice(0, 1));
    expect(valuesOf(rest.events)[0]).toBe(`v${had.length}`);
    expect(valuesOf(rest.events)).toHaveLength(total - had.length);
  });

  it('has one write of more rows than a page', async () => {
    const { cursor } = await follow(client(), {}, first);
    const total = WRITE_LIMITS.maxRowsPerPage + 700;
    await write(...Array.from({ length: total }, (_, index): Row => [index / 100 - 50, 'a', { city: `v${index}` }]));
    await write([0, 'a', { city: 'last' }]);
    const { events } = await follow(client(), { after: cursor }, count(total + 1));
    expect(valuesOf(events)).toEqual([...Array.from({ length: total }, (_, number) => `v${number}`), 'last']);
  });

  it('takes the cursor with other entities and features, and has everything since for these', async () => {
    const { cursor } = await follow(client(), { ids: ['a'], names: ['city'] }, first);
    await write([-40, 'b', { orders_7d: 7 }]);
    const { events } = await follow(client(), { ids: ['b'], names: ['orders_7d'], after: cursor }, count(1));
    expect(valuesOf(events)).toEqual(['7']);
  });

  it('shows a deletion by the current values: the values since are gone', async () => {
    await write([-50, 'a', { city: 'Bern' }]);
    const { cursor } = await follow(client(), {}, first);
    await write([-40, 'a', { city: 'Chur' }]);
    await gateway.ask(`mutation {
      deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: ["a"] }) { userErrors { code } }
    }`);
    const { events } = await follow(client(), { after: cursor }, first);
    expect(events).toMatchObject([{ entities: [{ entityId: 'a', features: [{ value: null }] }, {}], written: [] }]);
  });

  it.each([
    ['no cursor', () => 'x'],
    ['an empty text', () => ''],
    ['a cursor of a list', () => Buffer.from('["jobs","1"]').toString('base64url')],
    [
      'a cursor with another time',
      (cursor: string) => {
        const bytes = Buffer.from(cursor, 'base64url');
        bytes[7]! ^= 1;
        return bytes.toString('base64url');
      },
    ],
    ['a cut-off cursor', (cursor: string) => cursor.slice(0, -4)],
    ['a longer cursor', (cursor: string) => `${cursor}AAAA`],
  ])('is refused for %s', async (_what, forge) => {
    const { cursor } = await follow(client(), {}, first);
    const forged = forge(cursor);
    const { outcome } = await follow(client(), { after: forged }, () => true);
    expect(collectErrors(outcome)).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'after' } }]);
  });

  it('is refused after a week, and says what to do', async () => {
    const { cursor } = await follow(client(), {}, first);
    await write([-40, 'a', { city: 'Bern' }]);
    now += BigInt(WRITE_LIMITS.maxCursorDays) * DAY;
    expect(valuesOf((await follow(client(), { after: cursor }, first)).events)).toEqual(['Bern']);
    now += 1n;
    const { outcome } = await follow(client(), { after: cursor }, () => true);
    expect(collectErrors(outcome)).toMatchObject([
      {
        message: expect.stringContaining('Subscribe without "after"'),
        extensions: { code: 'CURSOR_EXPIRED', field: 'after' },
      },
    ]);
  });

  it('leaves no place behind when it ends', async () => {
    const { cursor } = await follow(client(), {}, first);
    await follow(client(), { after: cursor }, first);
    const { watch } = gateway.stores.writers;
    await until(() => watch.followers === 0);
  });
});

describe('a reader that is slower than the writes', () => {
  it('gets every value in the order of the writes, from the history when memory has too many', async () => {
    const { writers } = gateway.stores;
    const total = WRITE_LIMITS.maxValuesPerEvent * 2 + 100;
    const client = TRANSPORTS[0]![1](gateway.url);
    onTestFinished(() => client.close());
    const values: unknown[] = [];
    const done = Promise.withResolvers<undefined>();
    const following = client.follow({ query: FOLLOW, variables: { ids: ['a'] } }, (result, end) => {
      values.push(...result.data.featureValues.written.map((w: any) => w.value));
      if (values.length >= total) {
        end();
        done.resolve(undefined);
      }
    });
    await until(() => writers.watch.followers === 1);
    const { entityTypes } = gateway.services.registry.featurestores[0]!;
    const entityType = entityTypes.find(({ name }) => name === 'customer')!;
    const city = entityType.features.find(({ name }) => name === 'city')!;
    const rows = Array.from({ length: total }, (_, index) => ({
      entityId: 'a',
      timestamp: T(index / 1000 - 50),
      values: new Map([[city, `v${index}`]]),
    }));
    // One write of more values than a follower may have in memory.
    await writers.writer.write({ entityType, rows });
    await done.promise;
    await following;
    expect(values).toEqual(rows.map((_, index) => `v${index}`));
  });
});
