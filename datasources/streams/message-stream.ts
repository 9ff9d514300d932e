import type { Instant } from '../../values/instant.js';

/**
 * The port for messages of a broker. Delivery is at least once: a message that is not acknowledged is delivered again,
 * after a restart or to another gateway. Messages of one key arrive in the order in which the broker has them, where the
 * broker keeps one.
 */
export interface MessageStream {
  /**
   * The messages, as they arrive. At most the configured number and bytes of them wait in this process: the next ones
   * are fetched while earlier ones are taken. Ends after close(). Rejects when the broker fails: the caller closes the
   * stream and opens another.
   */
  messages(): AsyncIterable<StreamMessage>;

  /**
   * Publishes a message that can never be written to the dead-letter topic, with its content, key and attributes, and
   * the reason as further attributes. It is durable there when the promise resolves.
   */
  deadLetter(message: StreamMessage, reason: DeadLetterReason): Promise<void>;

  /**
   * Says that these messages are durable in both stores. Kafka commits, once a partition, the offsets up to the first
   * message without an acknowledgement. A failure is harmless: the messages are then delivered again.
   */
  acknowledge(messages: readonly StreamMessage[]): Promise<void>;

  /** The number of messages that wait at the broker; null when the broker does not tell. */
  lag(): Promise<bigint | null>;

  /** Ends the messages. Those without acknowledgement are delivered again. */
  close(): Promise<void>;
}

export interface StreamMessage {
  readonly data: Uint8Array;
  /** The key of Kafka, or the ordering key of Pub/Sub; null without one. */
  readonly key: string | null;
  /** Kafka: topic/partition/offset. Pub/Sub: subscription/message id. */
  readonly position: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** The time at which it was published. */
  readonly publishTime: Instant;
}

export interface DeadLetterReason {
  readonly code: string;
  readonly message: string;
  /** The part of the row or message at fault. */
  readonly field?: string;
}

/** The memory that waiting messages may use. */
export interface StreamLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Attributes of a dead letter, besides those of the message. */
export function deadLetterAttributes(message: StreamMessage, reason: DeadLetterReason): Map<string, string> {
  return new Map([
    ...message.attributes,
    ['featuregraph.code', reason.code],
    // A header of Kafka has no limit of its own; a value of a Pub/Sub attribute has 1024 bytes.
    ['featuregraph.message', clipBytes(reason.message, 1_000)],
    ...(reason.field === undefined ? [] : [['featuregraph.field', clipBytes(reason.field, 1_000)] as const]),
    ['featuregraph.position', clipBytes(message.position, 1_000)],
  ]);
}

function clipBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let end = most;
  while (Buffer.byteLength(text.slice(0, end)) > most - 3) end -= 1;
  return `${text.slice(0, end).toWellFormed()}…`;
}
