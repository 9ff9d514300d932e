/** The brokers of messages. They are the values of StreamKind in the schema. */
export const STREAM_KINDS = ['PUBSUB', 'KAFKA'] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

export const MESSAGE_FORMATS = ['JSON', 'AVRO', 'PROTOBUF'] as const;
export type MessageFormat = (typeof MESSAGE_FORMATS)[number];

/** What a time in a message is. It is declared: seconds and milliseconds cannot be told apart by their values. */
export const TIME_FORMATS = [
  'RFC_3339',
  'EPOCH_SECONDS',
  'EPOCH_MILLIS',
  'EPOCH_MICROS',
  'EPOCH_NANOS',
  'PROTOBUF_TIMESTAMP',
] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

export type StreamSettings = PubSubSettings | KafkaSettings;

export interface PubSubSettings {
  readonly kind: 'PUBSUB';
  readonly project: string;
  readonly subscription: string;
  readonly deadLetterTopic: string;
}

export interface KafkaSettings {
  readonly kind: 'KAFKA';
  readonly bootstrapServers: readonly string[];
  readonly topic: string;
  readonly groupId: string;
  readonly deadLetterTopic: string;
  readonly tls: boolean;
  readonly sasl: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly passwordFile: string;
  } | null;
}
