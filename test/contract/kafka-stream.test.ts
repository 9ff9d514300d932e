import { randomUUID } from 'node:crypto';
import { Consumer, MessagesStreamModes } from '@platformatic/kafka';
import { expect, it, onTestFinished } from 'vitest';
import { KafkaStream } from '../../datasources/streams/kafka/kafka-stream.js';
import type { StreamMessage } from '../../datasources/streams/message-stream.js';
import type { KafkaSettings } from '../../datasources/registry/stream-settings.js';
import { describeWithKafka, useKafka } from '../support/streams/kafka-broker.js';
import { messageStreamContract, type BrokerLab, type DeadLetter } from './message-stream.contract.js';

describeWithKafka('Kafka', () => {
  const kafka = useKafka();

  const lab: BrokerLab = {
    tellsLag: true,
    createTopics: async () => {
      const topic = `orders-${randomUUID()}`;
      const settings: KafkaSettings = {
        kind: 'KAFKA',
        bootstrapServers: [kafka.server],
        topic,
        groupId: `group-${topic}`,
        deadLetterTopic: `${topic}-dead`,
        tls: false,
        sasl: null,
      };
      await kafka.admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
      await kafka.admin.createTopics({ topics: [settings.deadLetterTopic], partitions: 1, replicas: 1 });
      return settings;
    },
    send: async (settings, messages) => {
      await kafka.producer.send({
        messages: messages.map(({ data, key, attributes = {} }) => ({
          topic: (settings as KafkaSettings).topic,
          value: Buffer.from(data),
          ...(key === undefined ? {} : { key: Buffer.from(key) }),
          headers: new Map(Object.entries(attributes).map(([name, value]) => [Buffer.from(name), Buffer.from(value)])),
        })),
      });
    },
    open: (settings, limits = { maxMessages: 1_000, maxBytes: 10_000_000 }) =>
      KafkaStream.open(settings as KafkaSettings, limits),
    deadLetters: async (settings, count) => {
      const consumer = new Consumer({ clientId: 'test', groupId: randomUUID(), bootstrapBrokers: [kafka.server] });
      const stream = await consumer.consume({
        topics: [(settings as KafkaSettings).deadLetterTopic],
        mode: MessagesStreamModes.EARLIEST,
        autocommit: false,
      });
      const letters: DeadLetter[] = [];
      for await (const { value, headers } of stream) {
        const attributes = [...headers].map(([name, text]) => [name.toString(), text.toString()]);
        letters.push({ data: value.toString(), attributes: Object.fromEntries(attributes) });
        if (letters.length === count) break;
      }
      await consumer.close(true);
      return letters;
    },
  };
  it('commits up to the first message without an acknowledgement, whatever their order', async () => {
    const settings = await lab.createTopics();
    // One key, so one partition.
    await lab.send(
      settings,
      Array.from({ length: 10 }, (_, index) => ({ data: String(index), key: 'a' })),
    );
    const stream = await lab.open(settings);
    onTestFinished(() => stream.close());
    const messages: StreamMessage[] = [];
    for await (const message of stream.messages()) {
      if (messages.push(message) === 10) break;
    }
    await stream.acknowledge([messages[2]!, messages[0]!, messages[1]!, messages[5]!]);
    expect(await stream.lag()).toBe(7n);
    await stream.acknowledge(messages.slice(3).filter((message) => message !== messages[5]));
    expect(await stream.lag()).toBe(0n);
  });

  messageStreamContract(() => lab);
});
