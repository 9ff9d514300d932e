import { readFile } from 'node:fs/promises';
import {
  Consumer,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer,
  type BaseOptions,
  type Message,
  type MessagesStream,
} from '@platformatic/kafka';
import type { KafkaSettings } from '../../registry/stream-settings.js';
import {
  deadLetterAttributes,
  type DeadLetterReason,
  type MessageStream,
  type StreamLimits,
  type StreamMessage,
} from '../message-stream.js';
import { CommittedOffsets, type Delivery } from './committed-offsets.js';

const CLIENT_ID = 'featuregraph';

/** A member that says nothing for this time loses its partitions to another. */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 2_000;

interface KafkaDelivery extends Delivery {
  readonly message: Message;
}

/** A topic of Kafka, read as a member of a consumer group. Offsets are committed only by acknowledgements. */
export class KafkaStream implements MessageStream {
  readonly #offsets = new CommittedOffsets<KafkaDelivery>();
  readonly #deliveries = new WeakMap<StreamMessage, KafkaDelivery>();

  private constructor(
    private readonly settings: KafkaSettings,
    private readonly consumer: Consumer,
    private readonly producer: Producer,
    private readonly stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>,
  ) {}

  static async open(settings: KafkaSettings, limits: StreamLimits): Promise<KafkaStream> {
    const connection = await connectionOptions(settings);
    const consumer = new Consumer({ ...connection, groupId: settings.groupId });
    const producer = new Producer(connection);
    try {
      const stream = await consumer.consume({
        topics: [settings.topic],
        autocommit: false,
        mode: MessagesStreamModes.COMMITTED,
        // A new group reads what the topic still has.
        fallbackMode: MessagesStreamFallbackModes.EARLIEST,
        highWaterMark: limits.maxMessages,
        maxBytes: limits.maxBytes,
        sessionTimeout: SESSION_TIMEOUT_MS,
        heartbeatInterval: HEARTBEAT_MS,
      });
      return new KafkaStream(settings, consumer, producer, stream);
    } catch (error) {
      await Promise.allSettled([consumer.close(true), producer.close(true)]);
      throw error;
    }
  }

  async *messages(): AsyncGenerator<StreamMessage, void> {
    for await (const message of this.stream) {
      const { topic, partition, offset } = message;
      const delivery: KafkaDelivery = { partition: String(partition), offset, message };
      this.#offsets.deliver(delivery);
      const received: StreamMessage = {
        data: toBytes(message.value),
        key: toText(message.key),
        position: `${topic}/${partition}/${offset}`,
        attributes: new Map([...message.headers].map(([name, value]) => [name.toString(), value.toString()])),
        publishTime: message.timestamp * 1000n,
      };
      this.#deliveries.set(received, delivery);
      yield received;
    }
  }

  async deadLetter(message: StreamMessage, reason: DeadLetterReason): Promise<void> {
    await this.producer.send({
      messages: [
        {
          topic: this.settings.deadLetterTopic,
          value: Buffer.from(message.data),
          ...(message.key === null ? {} : { key: Buffer.from(message.key) }),
          headers: new Map(
            [...deadLetterAttributes(message, reason)].map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
          ),
        },
      ],
    });
  }

  async acknowledge(messages: readonly StreamMessage[]): Promise<void> {
    const newest = new Map<string, KafkaDelivery>();
    for (const message of messages) {
      const last = this.#offsets.finish(this.#deliveries.get(message)!);
      if (last) newest.set(last.partition, last);
    }
    for (const { message } of newest.values()) await message.commit();
  }

  async lag(): Promise<bigint | null> {
    const { topic } = this.settings;
    const partitions = (this.consumer.assignments ?? []).find((assignment) => assignment.topic === topic)?.partitions;
    if (!partitions || partitions.length === 0) return 0n;
    const [ends, committed] = await Promise.all([
      this.consumer.listOffsets({ topics: [topic], partitions: { [topic]: partitions } }),
      this.consumer.listCommittedOffsets({ topics: [{ topic, partitions }] }),
    ]);
    let lag = 0n;
    for (const partition of partitions) {
      const end = ends.get(topic)?.[partition] ?? 0n;
      const done = committed.get(topic)?.[partition] ?? -1n;
      // Without a commit, the whole partition waits.
      lag += end - (done < 0n ? 0n : done);
    }
    return lag;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.stream.close()]);
    await Promise.allSettled([this.consumer.close(true), this.producer.close(true)]);
  }
}

async function connectionOptions({ bootstrapServers, tls, sasl }: KafkaSettings): Promise<BaseOptions> {
  return {
    clientId: CLIENT_ID,
    bootstrapBrokers: [...bootstrapServers],
    ...(tls ? { tls: {} } : {}),
    ...(sasl
      ? {
          sasl: {
            mechanism: sasl.mechanism,
            username: sasl.username,
            password: (await readFile(sasl.passwordFile, 'utf8')).trimEnd(),
          },
        }
      : {}),
  };
}

/** A message without a value (a tombstone) or key has null there; the types of the client do not say so. */
function toBytes(value: Buffer | null | undefined): Uint8Array {
  return value ?? new Uint8Array();
}

function toText(key: Buffer | null | undefined): string | null {
  return key?.toString('utf8') ?? null;
}
