import { randomUUID } from 'node:crypto';
import { PubSub, type Message } from '@google-cloud/pubsub';
import { afterAll, beforeAll } from 'vitest';
import { PubSubStream } from '../../datasources/streams/pubsub/pubsub-stream.js';
import type { PubSubSettings } from '../../datasources/registry/stream-settings.js';
import { describeWithPubSub, startPubSub, type PubSubEmulator } from '../support/streams/pubsub-emulator.js';
import { until } from '../support/until.js';
import { messageStreamContract, type BrokerLab, type DeadLetter } from './message-stream.contract.js';

const PROJECT = 'test-project';

describeWithPubSub('Google Pub/Sub', () => {
  let emulator: PubSubEmulator;
  let client: PubSub;
  const options = () => ({ apiEndpoint: emulator.endpoint, emulatorMode: true });
  beforeAll(async () => {
    emulator = await startPubSub();
    client = new PubSub({ projectId: PROJECT, ...options() });
  });
  afterAll(async () => {
    await client.close();
    await emulator.stop();
  });

  const lab: BrokerLab = {
    tellsLag: false,
    createTopics: async () => {
      const name = `orders-${randomUUID()}`;
      await client.createTopic(name);
      await client.createTopic(`${name}-dead`);
      await client.topic(name).createSubscription(name, { enableMessageOrdering: true, ackDeadlineSeconds: 10 });
      await client.topic(`${name}-dead`).createSubscription(`${name}-dead`);
      return { kind: 'PUBSUB', project: PROJECT, subscription: name, deadLetterTopic: `${name}-dead` };
    },
    send: async (settings, messages) => {
      const topic = client.topic((settings as PubSubSettings).subscription, { messageOrdering: true });
      await Promise.all(
        messages.map(({ data, key, attributes = {} }) =>
          topic.publishMessage({
            data: Buffer.from(data),
            attributes,
            ...(key === undefined ? {} : { orderingKey: key }),
          }),
        ),
      );
    },
    open: (settings, limits = { maxMessages: 1_000, maxBytes: 10_000_000 }) =>
      PubSubStream.open(settings as PubSubSettings, limits, options()),
    deadLetters: async (settings, count) => {
      const subscription = client.subscription((settings as PubSubSettings).deadLetterTopic);
      const letters: DeadLetter[] = [];
      subscription.on('message', ({ data, attributes }: Message) =>
        letters.push({ data: data.toString(), attributes }),
      );
      await until(() => letters.length === count);
      await subscription.close();
      return letters;
    },
  };
  messageStreamContract(() => lab);
});
