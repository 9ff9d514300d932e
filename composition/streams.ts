import type { ClientConfig } from '@google-cloud/pubsub';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { FeatureStream } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { MessageStream } from '../datasources/streams/message-stream.js';
import type { FeatureWriter } from '../ingestion/feature-writer.js';
import { createMapping } from '../ingestion/streams/map-message.js';
import { StreamConsumer } from '../ingestion/streams/stream-consumer.js';
import type { Streams } from '../ingestion/streams/streams.js';
import { MESSAGE_LIMITS, type MessageLimits } from '../limits/stream-ingest-limits.js';
import type { Logger } from '../observability/logger.js';
import { createStreamMetrics } from '../observability/stream-metrics.js';
import type { Clock } from '../values/clock.js';
import { secondsBetween } from '../values/instant.js';

export interface StreamsOptions {
  readonly registry: Registry;
  readonly writer: FeatureWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** For tests. */
  readonly pubsub?: ClientConfig | undefined;
  readonly limits?: Partial<MessageLimits>;
}

export interface OpenStreams extends Streams {
  /**
   * Stops the streams that another registry does not have or has otherwise, and starts those that are new or other. The
   * rest goes on.
   */
  readonly become: (registry: Registry) => Promise<void>;
  /** Takes no further messages, and waits a while for those that are being written. */
  readonly close: () => Promise<void>;
}

/** Starts the streams of the registry. A broker that does not answer does not hold up the start. */
export function openStreams({ registry, writer, clock, logger, metrics, pubsub, limits }: StreamsOptions): OpenStreams {
  /** By what they and their entity types are. */
  let consumers = new Map<string, StreamConsumer>();
  let isMeasured = false;

  const start = (stream: FeatureStream): StreamConsumer => {
    const names = { featurestore: stream.entityType.featurestore.name, stream: stream.name };
    const consumer = new StreamConsumer({
      stream,
      open: () => openSource(stream, pubsub),
      map: createMapping(stream),
      writer,
      clock,
      onError: (error) => logger.error({ err: error, ...names }, 'a stream failed; the gateway tries again'),
      ...(limits ? { limits } : {}),
    });
    consumer.start();
    return consumer;
  };
  const startAll = (streams: ReadonlyMap<string, FeatureStream>): void => {
    consumers = new Map([...streams].map(([key, stream]) => [key, consumers.get(key) ?? start(stream)]));
    if (consumers.size === 0 || isMeasured) return;
    isMeasured = true;
    createStreamMetrics(metrics, () => Promise.all([...consumers.values()].map((each) => measure(each, clock))));
  };
  const stopAll = async (stopped: readonly StreamConsumer[]): Promise<void> => {
    await Promise.all(stopped.map((consumer) => consumer.stop()));
  };

  startAll(streamsOf(registry));
  return {
    // By name: the objects are others after another registry was applied.
    ofFeaturestore: ({ name }) =>
      [...consumers.values()].filter(({ stream }) => stream.entityType.featurestore.name === name),
    become: async (next) => {
      const streams = streamsOf(next);
      const stopped = [...consumers].filter(([key]) => !streams.has(key));
      for (const [key] of stopped) consumers.delete(key);
      // Before the new ones start: two of one subscription would share its messages.
      await stopAll(stopped.map(([, consumer]) => consumer)).catch((err: unknown) =>
        logger.error({ err }, 'a stream that the registry no longer has did not stop'),
      );
      startAll(streams);
    },
    close: () => stopAll([...consumers.values()]),
  };
}

/** The streams of a registry, each by a text that is another when the stream or its entity type is. */
function streamsOf({ featurestores }: Registry): Map<string, FeatureStream> {
  const streams = featurestores.flatMap((featurestore) => featurestore.streams);
  return new Map(streams.map((stream) => [describe(stream), stream]));
}

function describe(stream: FeatureStream): string {
  const described = new WeakSet<object>();
  return JSON.stringify([stream.entityType.featurestore.name, stream.entityType, stream], (key, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Map) return [...(value as ReadonlyMap<unknown, unknown>)];
    if (typeof value !== 'object' || value === null) return value;
    // The model refers back to what contains it. The rest of the featurestore is no part of the stream.
    if (key === 'featurestore' || described.has(value)) return (value as { readonly name?: string }).name ?? null;
    described.add(value);
    return value;
  });
}

/** The clients take time to load: only those that the registry names are. */
async function openSource({ source }: FeatureStream, pubsub: ClientConfig | undefined): Promise<MessageStream> {
  const limits = { maxMessages: MESSAGE_LIMITS.maxWaitingMessages, maxBytes: MESSAGE_LIMITS.maxWaitingBytes };
  if (source.kind === 'KAFKA') {
    const { KafkaStream } = await import('../datasources/streams/kafka/kafka-stream.js');
    return KafkaStream.open(source, limits);
  }
  const { PubSubStream } = await import('../datasources/streams/pubsub/pubsub-stream.js');
  return PubSubStream.open(source, limits, pubsub);
}

async function measure(consumer: StreamConsumer, clock: Clock) {
  const { stream, status } = consumer;
  const { state, counts, oldestWaiting } = status;
  return {
    featurestore: stream.entityType.featurestore.name,
    stream: stream.name,
    isRunning: state === 'RUNNING',
    counts,
    lagMessages: await consumer.lag(),
    lagSeconds: oldestWaiting === null ? 0 : Math.max(0, secondsBetween(oldestWaiting, clock())),
  };
}
