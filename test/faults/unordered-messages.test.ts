import { randomInt, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PubSub } from '@google-cloud/pubsub';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { readHistory, readNewest } from '../support/stored-counts.js';
import { describeWithKafka, useKafka } from '../support/streams/kafka-broker.js';
import { describeWithPubSub, startPubSub } from '../support/streams/pubsub-emulator.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { writtenShop } from '../support/written-shop.js';

const CUSTOMERS = 4;
const SECONDS = 200;
const START = Date.parse('2001-01-01T00:00:00Z');
const STATUS = '{ featurestore(name: "shop") { streams { written duplicates deadLettered } } }';
/** The seed of the orders and delays: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

interface Sent {
  readonly id: string;
  readonly second: number;
}

interface Broker {
  /** The entry `from` of the stream. */
  readonly from: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly send: (contents: readonly Buffer[]) => Promise<unknown>;
}

/** Each message once to three times, in any order. */
function drawMessages(): Sent[] {
  const all = Array.from({ length: CUSTOMERS * SECONDS }, (_, number) => ({
    id: `c${number % CUSTOMERS}`,
    second: Math.floor(number / CUSTOMERS),
  }));
  const [drawn] = fc.sample(fc.shuffledSubarray([...all, ...all, ...all], { minLength: all.length }), {
    seed,
    numRuns: 1,
  });
  const had = new Set(drawn);
  return [...drawn!, ...all.filter((message) => !had.has(message))];
}

async function sendAndCount(name: string, { from, environment, send }: Broker): Promise<void> {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'registry.yaml'),
    `${writtenShop('orders', '{ name: count, valueType: INT64 }')}    streams:
      - name: orders
        entityType: customer
        from: ${from}
        ordered: false
        format: JSON
        entityId: [id]
        timestamp: { path: at, format: EPOCH_MILLIS }
        features: { count: count }
`,
  );
  const gateway = await startGatewayProcess({
    FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
    FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
    ...environment,
  });
  onTestFinished(() => void gateway.child.kill('SIGKILL'));
  const messages = drawMessages();
  const delays = fc.sample(fc.integer({ min: 0, max: 40 }), { seed, numRuns: messages.length });
  for (let first = 0; first < messages.length; first += 50) {
    const some = messages.slice(first, first + 50);
    await send(
      some.map(({ id, second }) => Buffer.from(JSON.stringify({ id, at: START + second * 1000, count: second }))),
    );
    // A later part comes after the gateway has written the part before, and a part of no delay with it.
    await sleep(delays[first]);
  }
  const readStatus = async () => {
    const [status] = (await ask(gateway.url, STATUS)).featurestore.streams;
    return {
      written: Number(status.written),
      duplicates: Number(status.duplicates),
      dead: Number(status.deadLettered),
    };
  };
  // A broker may deliver a message again that it has delivered.
  await until(async () => {
    const { written, duplicates, dead } = await readStatus();
    return written + duplicates + dead >= messages.length;
  });
  const { written, duplicates, dead } = await readStatus();
  let lost = 0;
  let doubled = 0;
  const ids = Array.from({ length: CUSTOMERS }, (_, customer) => `c${customer}`);
  for (const id of ids) {
    const stored = await readHistory(gateway.url, id);
    const right = new Set(stored.filter(({ at, value }) => at === START + value * 1000).map(({ value }) => value));
    doubled += stored.length - new Set(stored.map(({ at }) => at)).size;
    lost += SECONDS - right.size;
  }
  console.log(
    `${name}: ${messages.length} messages of ${CUSTOMERS * SECONDS} rows, shuffled, repeated and delayed: ${written} written, ` +
      `${duplicates} duplicates, ${dead} dead letters, ${lost} lost, ${doubled} doubled`,
  );
  expect({ lost, doubled, written, dead }).toEqual({ lost: 0, doubled: 0, written: CUSTOMERS * SECONDS, dead: 0 });
  expect((await readNewest(gateway.url, ids)).map(({ value }) => value)).toEqual(ids.map(() => SECONDS - 1));
  expect(await gateway.stop()).toBe(0);
}

const BEHAVIOUR = `that come twice, out of order and late are each stored once, and the newest is served (seed ${seed})`;

describeWithKafka('messages of Kafka', () => {
  const kafka = useKafka();
  it(
    BEHAVIOUR,
    async () => {
      const topic = `orders-${randomUUID()}`;
      await kafka.admin.createTopics({ topics: [topic, `${topic}-dead`], partitions: 3, replicas: 1 });
      await sendAndCount('Kafka', {
        from: `{ kind: KAFKA, bootstrapServers: ["${kafka.server}"], topic: ${topic}, groupId: ${topic}, deadLetterTopic: ${topic}-dead }`,
        environment: {},
        // Without keys, the messages of an entity are in all partitions.
        send: (contents) => kafka.producer.send({ messages: contents.map((value) => ({ topic, value })) }),
      });
    },
    180_000,
  );
});

describeWithPubSub('messages of Pub/Sub', () => {
  it(
    BEHAVIOUR,
    async () => {
      const emulator = await startPubSub();
      onTestFinished(() => emulator.stop());
      const client = new PubSub({ projectId: 'test-project', apiEndpoint: emulator.endpoint, emulatorMode: true });
      onTestFinished(() => client.close());
      const [topic] = await client.createTopic('orders');
      await client.createTopic('orders-dead');
      await topic.createSubscription('orders-shop', { ackDeadlineSeconds: 10 });
      await sendAndCount('Pub/Sub', {
        from: '{ kind: PUBSUB, project: test-project, subscription: orders-shop, deadLetterTopic: orders-dead }',
        environment: { PUBSUB_EMULATOR_HOST: emulator.endpoint, METADATA_SERVER_DETECTION: 'none' },
        send: (contents) => Promise.all(contents.map((data) => topic.publishMessage({ data }))),
      });
    },
    180_000,
  );
});
