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
  /** Takes no further messages, and waits a while for those that are being written. */
  readonly close: () => Promise<void>;
}

/** Starts the streams of the registry. A broker that does not answer does not hold up the start. */
export function openStreams({ registry, writer, clock, logger, metrics, pubsub, limits }: StreamsOptions): OpenStreams {
  const consumers = registry.featurestores
    .flatMap(({ streams }) => streams)
    .map((stream) => {
      const { name: streamName, entityType } = stream;
      const names = { featurestore: entityType.featurestore.name, stream: streamName };
      return new StreamConsumer({
        stream,
        open: () => openSource(stream, pubsub),
        map: createMapping(stream),
        writer,
        clock,
        onError: (error) => logger.error({ err: error, ...names }, 'a stream failed, and tries again'),
        ...(limits ? { limits } : {}),
      });
    });
  for (const consumer of consumers) consumer.start();
  if (consumers.length > 0)
    createStreamMetrics(metrics, () => Promise.all(consumers.map((each) => measure(each, clock))));
  return {
    ofFeaturestore: (featurestore) =>
      consumers.filter(({ stream: { entityType } }) => entityType.featurestore === featurestore),
    close: async () => {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
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
