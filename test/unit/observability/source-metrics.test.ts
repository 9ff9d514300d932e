import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createSourceMetrics } from '../../../observability/source-metrics.js';

it('a scrape measures the sources once, and the next one measures them again', async () => {
  const registry = new Registry();
  let measures = 0;
  createSourceMetrics(registry, async () => {
    measures += 1;
    return [
      { featurestore: 'shop', entityType: 'customer', source: 'orders', isBehind: true, freshnessSeconds: measures },
    ];
  });
  for (const scrape of [1, 2]) {
    const text = await registry.metrics();
    expect(measures).toBe(scrape);
    expect(text).toMatch(new RegExp(`featuregraph_source_freshness_seconds{.*} ${scrape}\n`));
    expect(text).toMatch(/featuregraph_source_behind{.*} 1\n/);
  }
});
