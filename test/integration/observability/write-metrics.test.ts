import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { measuredWrites } from '../../../composition/measured-writes.js';
import { configSchema } from '../../../config/config.js';
import { AppError } from '../../../errors/app-error.js';
import type { FeatureWrites } from '../../../ingestion/writes/feature-writes.js';
import { startGateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { createWriteMetrics } from '../../../observability/write-metrics.js';
import { ask } from '../../support/ask.js';
import { smallRegistry } from '../../support/small-registry.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const REGISTRY = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources: [{ features: [{ name: orders, valueType: INT64 }] }]
`;

it('count what clients wrote and deleted, by entity type', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  const gateway = await startGateway({
    config: configSchema.parse({
      PORT: '0',
      METRICS_PORT: '0',
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
    }),
    logger: createLogger('silent'),
    onPrepare: () => undefined,
  });
  onTestFinished(() => gateway.stop());
  const row = (entityId: string, value: number) =>
    `{ entityType: "customer", entityId: "${entityId}", timestamp: "2020-01-01T00:00:00Z", values: [{ feature: "orders", value: ${value} }] }`;
  const write = (rows: string[]) =>
    ask(
      gateway.url,
      `mutation { writeFeatureValues(input: { featurestore: "shop", rows: [${rows.join()}] }) { written } }`,
    );
  await write([row('a', 1), row('b', 2), row('c', 3)]);
  await write([row('a', 1)]);
  const deleteIds = (ids: string) =>
    ask(
      gateway.url,
      `mutation { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: ${ids} }) { deleted userErrors { code } } }`,
    );
  await deleteIds('["a", "nobody"]');
  // Refused before any store: it is no deletion.
  expect((await deleteIds('[""]')).deleteEntities.userErrors).toHaveLength(1);

  const text = await (await fetch(gateway.metricsUrl!)).text();
  const of = 'featurestore="shop",entity_type="customer"';
  expect(text).toContain(`featuregraph_written_rows_total{${of},outcome="written"} 3\n`);
  expect(text).toContain(`featuregraph_written_rows_total{${of},outcome="duplicate"} 1\n`);
  expect(text).toContain(`featuregraph_deleted_entities_total{${of}} 2\n`);
  expect(text).not.toContain('featuregraph_failed_deletions_total{');
});

it('count a deletion that a store did not do', async () => {
  const metrics = new Metrics();
  const { deletion } = measuredWrites(
    {
      deletion: { deleteEntities: () => Promise.reject(new AppError('STORE_UNAVAILABLE', 'The store is away.')) },
    } as unknown as FeatureWrites,
    createWriteMetrics(metrics, () => ({ rows: 0, ageSeconds: 0 }), { bytes: 0 }),
  );
  await expect(deletion.deleteEntities(smallRegistry().entityType('shop', 'customer'), ['a'])).rejects.toThrow('away');
  expect(await metrics.metrics()).toContain(
    'featuregraph_failed_deletions_total{featurestore="shop",entity_type="customer"} 1\n',
  );
});
