import { Counter, Gauge, type Registry } from 'prom-client';

export interface StreamMeasures {
  readonly featurestore: string;
  readonly stream: string;
  readonly isRunning: boolean;
  readonly counts: {
    readonly written: number;
    readonly duplicates: number;
    readonly quarantined: number;
    readonly deadLettered: number;
  };
  /** null when the broker does not tell. */
  readonly lagMessages: bigint | null;
  readonly lagSeconds: number;
}

const LABELS = ['featurestore', 'stream'] as const;

/** The streams of messages, measured once at each scrape of Prometheus. */
export function createStreamMetrics(registry: Registry, ask: () => Promise<readonly StreamMeasures[]>): void {
  // A scrape reads all metrics at once. A metric that did not wait for the measures would show those of the scrape before.
  let running: Promise<readonly StreamMeasures[]> | undefined;
  const measure = (): Promise<readonly StreamMeasures[]> =>
    (running ??= ask().finally(() => {
      running = undefined;
    }));
  const registers = [registry];
  new Counter({
    name: 'featuregraph_stream_messages_total',
    help: 'Messages that were acknowledged, by outcome: written, duplicate, quarantined or dead_letter.',
    labelNames: [...LABELS, 'outcome'] as const,
    registers,
    async collect() {
      const streams = await measure();
      this.reset();
      for (const { featurestore, stream, counts } of streams) {
        const labels = { featurestore, stream };
        this.inc({ ...labels, outcome: 'written' }, counts.written);
        this.inc({ ...labels, outcome: 'duplicate' }, counts.duplicates);
        this.inc({ ...labels, outcome: 'quarantined' }, counts.quarantined);
        this.inc({ ...labels, outcome: 'dead_letter' }, counts.deadLettered);
      }
    },
  });
  new Gauge({
    name: 'featuregraph_stream_lag_seconds',
    help: 'The age of the oldest message that this process has and has not acknowledged; 0 when it has none.',
    labelNames: LABELS,
    registers,
    async collect() {
      for (const { featurestore, stream, ...lag } of await measure())
        this.set({ featurestore, stream }, lag.lagSeconds);
    },
  });
  new Gauge({
    name: 'featuregraph_stream_lag_messages',
    help: 'Messages that wait at the broker, of the partitions that this process reads. Absent for Pub/Sub: Cloud Monitoring has it.',
    labelNames: LABELS,
    registers,
    async collect() {
      const streams = await measure();
      // The number of a broker that no longer answers is not known.
      this.reset();
      for (const { featurestore, stream, lagMessages } of streams) {
        if (lagMessages !== null) this.set({ featurestore, stream }, Number(lagMessages));
      }
    },
  });
  new Gauge({
    name: 'featuregraph_stream_up',
    help: 'Whether the stream takes messages: 1; or 0 while it connects, or a store or the broker fails.',
    labelNames: LABELS,
    registers,
    async collect() {
      for (const { featurestore, stream, isRunning } of await measure()) {
        this.set({ featurestore, stream }, isRunning ? 1 : 0);
      }
    },
  });
}
