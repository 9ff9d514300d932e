import { Counter, Gauge, type Registry } from 'prom-client';

export interface StreamMeasures {
  readonly featurestore: string;
  readonly stream: string;
  readonly isRunning: boolean;
  readonly counts: {
    readonly written: number;
    readonly duplicates: number;
    readonly deadLettered: number;
  };
  /** null when the broker does not tell. */
  readonly lagMessages: bigint | null;
  readonly lagSeconds: number;
}

const LABELS = ['featurestore', 'stream'] as const;

/** The streams of messages, measured at each scrape of Prometheus. */
export function createStreamMetrics(registry: Registry, ask: () => Promise<readonly StreamMeasures[]>): void {
  const registers = [registry];
  const messages = new Counter({
    name: 'featuregraph_stream_messages_total',
    help: 'Messages that were acknowledged, by outcome: written, duplicate or dead_letter.',
    labelNames: [...LABELS, 'outcome'] as const,
    registers,
  });
  const lagSeconds = new Gauge({
    name: 'featuregraph_stream_lag_seconds',
    help: 'The age of the oldest message that this process has and has not acknowledged; 0 when it has none.',
    labelNames: LABELS,
    registers,
  });
  const lagMessages = new Gauge({
    name: 'featuregraph_stream_lag_messages',
    help: 'Messages that wait at the broker, of the partitions that this process reads. Absent for Pub/Sub: Cloud Monitoring has it.',
    labelNames: LABELS,
    registers,
  });
  new Gauge({
    name: 'featuregraph_stream_up',
    help: 'Whether the stream takes messages: 1; or 0 while it connects, or a store or the broker fails.',
    labelNames: LABELS,
    registers,
    async collect() {
      messages.reset();
      for (const { featurestore, stream, isRunning, counts, ...lag } of await ask()) {
        const labels = { featurestore, stream };
        this.set(labels, isRunning ? 1 : 0);
        messages.inc({ ...labels, outcome: 'written' }, counts.written);
        messages.inc({ ...labels, outcome: 'duplicate' }, counts.duplicates);
        messages.inc({ ...labels, outcome: 'dead_letter' }, counts.deadLettered);
        lagSeconds.set(labels, lag.lagSeconds);
        if (lag.lagMessages !== null) lagMessages.set(labels, Number(lag.lagMessages));
      }
    },
  });
}
