import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished } from 'vitest';
import { ask } from './ask.js';
import type { GatewayProcess } from './gateway-process.js';
import type { StreamClient } from './stream-clients.js';
import { until } from './until.js';
import { WRITE_VALUES } from './written-shop.js';

const WRITERS = 2;
const FOLLOW = `subscription ($ids: [ID!]!, $after: String) {
  featureValues(featurestore: "shop", entityType: "customer", entityIds: $ids, after: $after) {
    cursor
    written { entityId value }
  }
}`;
const START = Date.parse('2001-01-01T00:00:00Z');

export interface FollowedKills {
  /** What the counts are of. */
  readonly name: string;
  /** Starts the gateway again over the same stores. Its registry is `writtenShop` with the feature `count`. */
  readonly serve: () => Promise<GatewayProcess>;
  readonly createClient: (url: string) => StreamClient;
  readonly kills: number;
  /** Of the times of killing. */
  readonly seed: number;
}

/**
 * Writes, follows and kills: a subscription goes on at its last cursor after each kill. Every acknowledged value must have
 * come, in the order of the writes. Prints the counts.
 */
export async function followThroughKills({ name, serve, createClient, kills, seed }: FollowedKills): Promise<void> {
  let gateway = await serve();
  onTestFinished(() => void gateway.child.kill('SIGKILL'));
  const ids = Array.from({ length: WRITERS }, (_, writer) => `c${writer}`);
  let isOver = false;
  const acknowledged = ids.map(() => 0);

  const writeOn = async (writer: number): Promise<void> => {
    while (!isOver) {
      const number = acknowledged[writer]!;
      const row = {
        entityType: 'customer',
        entityId: ids[writer],
        timestamp: new Date(START + number * 1000).toISOString(),
        values: [{ feature: 'count', value: String(number) }],
      };
      try {
        const { writeFeatureValues } = await ask(gateway.url, WRITE_VALUES, {
          input: { featurestore: 'shop', rows: [row] },
        });
        expect(writeFeatureValues.userErrors).toEqual([]);
        acknowledged[writer] = number + 1;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        await sleep(20);
      }
    }
  };

  /** By entity, the values of the events in their order. */
  const seen = new Map<string, number[]>(ids.map((id) => [id, []]));
  let after: string | null = null;
  let subscriptions = 0;
  const ended = Promise.withResolvers<undefined>();
  let isFollowed = true;
  const followOn = async (): Promise<void> => {
    while (isFollowed) {
      subscriptions += 1;
      const client = createClient(gateway.url);
      const variables: Record<string, unknown> = { ids, after };
      await client.follow({ query: FOLLOW, variables }, (result, end) => {
        expect(result.errors).toBeUndefined();
        const { cursor, written } = result.data.featureValues;
        for (const { entityId, value } of written) seen.get(entityId)!.push(Number(value));
        after = cursor;
        void ended.promise.then(end);
        if (!isFollowed) end();
      });
      client.close();
      await sleep(20);
    }
  };
  const following = followOn();
  // Without a cursor yet, the subscription would begin at the first event.
  await until(() => after !== null);
  const writing = Promise.all(ids.map((_, writer) => writeOn(writer)));
  writing.catch(() => undefined);
  following.catch(() => undefined);

  for (const delay of fc.sample(fc.integer({ min: 0, max: 400 }), { seed, numRuns: kills })) {
    // So that the next kill is between two events of this gateway.
    const [before, known] = [after, acknowledged[0]!];
    await until(() => after !== before && acknowledged[0]! > known);
    await sleep(delay);
    await gateway.kill();
    gateway = await serve();
  }
  await sleep(200);
  isOver = true;
  await writing;
  const isWhole = (): boolean => ids.every((id, writer) => seen.get(id)!.at(-1) === acknowledged[writer]! - 1);
  await until(isWhole);
  isFollowed = false;
  ended.resolve(undefined);
  await following;
  await gateway.stop();

  let missed = 0;
  let repeated = 0;
  for (const [writer, id] of ids.entries()) {
    const values = seen.get(id)!;
    const distinct = new Set(values);
    missed += Array.from({ length: acknowledged[writer]! }, (_, number) => number).filter(
      (number) => !distinct.has(number),
    ).length;
    repeated += values.length - distinct.size;
    // In the order of the writes: a repetition may go back, a new value never comes before an earlier one.
    expect([...distinct]).toEqual([...distinct].sort((a, b) => a - b));
  }
  const total = acknowledged.reduce((sum, count) => sum + count, 0);
  console.log(
    `${name}, ${kills} kills, ${subscriptions} subscriptions: ${total} values acknowledged, ${missed} missed, ${repeated} seen twice`,
  );
  expect(missed).toBe(0);
  expect(subscriptions).toBeGreaterThan(kills);
}
