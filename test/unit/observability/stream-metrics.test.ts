import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createStreamMetrics, type StreamMeasures } from '../../../observability/stream-metrics.js';

it('shows all measures of a stream as they are at the scrape', async () => {
  const registry = new Registry();
  let asked = 0;
  let measures: StreamMeasures = {
    featurestore: 'shop',
    stream: 'orders',
    isRunning: true,
    counts: { written: 7, duplicates: 2, quarantined: 3, deadLettered: 1 },
    lagMessages: 4n,
    lagSeconds: 0.5,
  };
  createStreamMetrics(registry, async () => {
    asked += 1;
    // As the broker, which answers later.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return [measures];
  });
  const scrape = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const labels = 'featurestore="shop",stream="orders"';

  expect(await scrape()).toEqual([
    `featuregraph_stream_messages_total{${labels},outcome="written"} 7`,
    `featuregraph_stream_messages_total{${labels},outcome="duplicate"} 2`,
    `featuregraph_stream_messages_total{${labels},outcome="quarantined"} 3`,
    `featuregraph_stream_messages_total{${labels},outcome="dead_letter"} 1`,
    `featuregraph_stream_lag_seconds{${labels}} 0.5`,
    `featuregraph_stream_lag_messages{${labels}} 4`,
    `featuregraph_stream_up{${labels}} 1`,
  ]);
  expect(asked).toBe(1);

  measures = { ...measures, isRunning: false, lagMessages: null, counts: { ...measures.counts, written: 9 } };
  const second = await scrape();
  expect(second).toContain(`featuregraph_stream_messages_total{${labels},outcome="written"} 9`);
  expect(second).toContain(`featuregraph_stream_up{${labels}} 0`);
  expect(second.join()).not.toContain('lag_messages');
});
