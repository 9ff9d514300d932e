import {
  Duration,
  PubSub,
  SubscriptionCloseBehaviors,
  type ClientConfig,
  type Message,
  type Subscription,
} from '@google-cloud/pubsub';
import type { PubSubSettings } from '../../registry/stream-settings.js';
import {
  deadLetterAttributes,
  type DeadLetterReason,
  type MessageStream,
  type StreamLimits,
  type StreamMessage,
} from '../message-stream.js';

/**
 * The deadline of a message is extended for this time while it waits here; then it is delivered again. A store may be
 * down for as long without a second delivery.
 */
const MAX_EXTENSION = Duration.from({ hours: 1 });

/** A subscription of Google Pub/Sub, by streaming pull. */
export class PubSubStream implements MessageStream {
  readonly #received: Message[] = [];
  readonly #taken = new WeakMap<StreamMessage, Message>();
  #failure: Error | undefined;
  #isClosed = false;
  #wake: () => void = () => undefined;

  private constructor(
    private readonly settings: PubSubSettings,
    private readonly client: PubSub,
    private readonly subscription: Subscription,
  ) {}

  static async open(settings: PubSubSettings, limits: StreamLimits, options: ClientConfig = {}): Promise<PubSubStream> {
    const client = new PubSub({ ...options, projectId: settings.project });
    const subscription = client.subscription(settings.subscription, {
      // The client holds back the messages beyond the limits; the array here never has more.
      flowControl: { ...limits, allowExcessMessages: false },
      maxExtensionTime: MAX_EXTENSION,
      // A stop must not wait for messages that are delivered again anyway.
      closeOptions: { behavior: SubscriptionCloseBehaviors.NackImmediately, timeout: Duration.from({ seconds: 1 }) },
    });
    const stream = new PubSubStream(settings, client, subscription);
    subscription.on('message', (message: Message) => {
      stream.#received.push(message);
      stream.#wake();
    });
    subscription.on('error', (error: Error) => {
      stream.#failure = error;
      stream.#wake();
    });
    return stream;
  }

  async *messages(): AsyncGenerator<StreamMessage, void> {
    while (!this.#isClosed) {
      const message = this.#received.shift();
      if (message) {
        yield this.#toMessage(message);
        continue;
      }
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async deadLetter(message: StreamMessage, reason: DeadLetterReason): Promise<void> {
    await this.client.topic(this.settings.deadLetterTopic).publishMessage({
      data: Buffer.from(message.data),
      attributes: {
        ...Object.fromEntries(deadLetterAttributes(message, reason)),
        // The topic may have subscribers without ordering; the key is then still readable.
        ...(message.key === null ? {} : { 'featuregraph.key': message.key }),
      },
    });
  }

  /** At once: the client sends the acknowledgements of a moment together. */
  async acknowledge(messages: readonly StreamMessage[]): Promise<void> {
    await Promise.all(messages.map((message) => this.#taken.get(message)!.ackWithResponse()));
  }

  /** Only Cloud Monitoring knows it (subscription/num_undelivered_messages). */
  async lag(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    for (const message of this.#received.splice(0)) message.nack();
    await this.subscription.close().catch(() => undefined);
    await this.client.close().catch(() => undefined);
  }

  #toMessage(message: Message): StreamMessage {
    const received: StreamMessage = {
      data: message.data,
      key: message.orderingKey === '' ? null : (message.orderingKey ?? null),
      position: `${this.settings.subscription}/${message.id}`,
      attributes: new Map(Object.entries(message.attributes)),
      publishTime: message.publishTime.getFullTime() / 1000n,
    };
    this.#taken.set(received, message);
    return received;
  }
}
