import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { createTable, describeWithBigtable, startBigtableEmulator } from '../../support/google/bigtable-emulator.js';
import { bigQuerySettings, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { NOW, NOW_TEXT, row, smallRegistry, findSource, T } from '../../support/small-registry.js';
import { waitForJobEnd, estimateSync, startSync } from '../../support/syncs.js';

describeWithBigtable('a sync', () => {
  describeWithGoogleSql('from BigQuery into Bigtable', () => {
    let emulator: Awaited<ReturnType<typeof startBigtableEmulator>>;
    let bigQuery: Awaited<ReturnType<typeof startBigQuery>>;
    let gateway: StoreGateway;

    beforeAll(async () => {
      emulator = await startBigtableEmulator();
    });
    afterAll(() => emulator.stop());

    beforeEach(async () => {
      bigQuery = await startBigQuery(() => NOW);
      vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
      vi.stubEnv('BIGQUERY_EMULATOR_HOST', `${bigQuery.endpoint}/bigquery/v2`);
      const onlineStore = await createTable(emulator.endpoint);
      gateway = await startStoreGateway(smallRegistry({ onlineStore, offlineStore: bigQuerySettings() }));
      const { stores } = gateway;
      const source = findSource(gateway, 'shop', 'customer');
      await stores
        .offline(source.entityType.featurestore)
        .append(source, [
          row('ann', -20, { orders_7d: 1n, mean_basket: 10.5, city: 'Bern' }),
          row('ann', -10, { orders_7d: 9_007_199_254_740_993n }),
          row('ann', 5, { orders_7d: 9n }),
          row('Zürich ✈ a/b#c', -5, { orders_7d: 3n }),
          row('eve', 1, { orders_7d: 4n }),
        ]);
      bigQuery.jobs.all.clear();
    });
    afterEach(async () => {
      vi.unstubAllEnvs();
      await gateway.close();
      await bigQuery.stop();
    });

    const queries = () =>
      [...bigQuery.jobs.all.values()].filter(({ configuration }) => configuration.labels?.operation === 'newest');

    it('is how values get there, and are then read', async () => {
      const ask = () =>
        gateway.ask(`{ entities(featurestore: "shop", entityType: "customer", entityIds: ["ann", "Zürich ✈ a/b#c", "eve"]) {
          features(names: ["orders_7d", "mean_basket", "city"]) { value status timestamp } } }`);
      const statuses = async () =>
        (await ask()).data.entities.map(({ features }: any) => features.map(({ status }: any) => status));
      expect(await statuses()).toEqual(Array.from({ length: 3 }, () => ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']));

      const estimate = (await estimateSync(gateway)).data.estimateFeatureViewSync;
      expect(queries()).toEqual([]);
      const { job } = await startSync(gateway);
      expect(job.estimatedCost).toMatchObject(estimate);
      expect(job.estimatedCost.priceBook.name).toBe('google-us-central1');
      expect(job.estimatedCost.assumptions.join()).toMatch(/scans [1-9]\d* bytes at most/);
      expect(await waitForJobEnd(gateway, job.id)).toMatchObject({
        state: 'SUCCEEDED',
        rowsSynced: '2',
        dataWatermark: NOW_TEXT,
      });
      const [ann] = (await ask()).data.entities;
      expect(ann.features.slice(0, 2)).toEqual([
        { value: '9007199254740993', status: 'PRESENT', timestamp: '2001-09-09T01:46:30Z' },
        { value: 10.5, status: 'PRESENT', timestamp: '2001-09-09T01:46:20Z' },
      ]);
      expect(await statuses()).toEqual([
        ['PRESENT', 'PRESENT', 'NOT_FOUND'],
        ['PRESENT', 'NOT_FOUND', 'NOT_FOUND'],
        ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
      ]);
      // One query, and of the columns of the view alone.
      expect(queries()).toHaveLength(1);
      expect(queries()[0]!.configuration.query.query).not.toContain('city');
    });

    it('is refused above what it may cost, before anything is read', async () => {
      const { job, userErrors } = await startSync(gateway, { maxCostUsd: 0 });
      expect(job).toBeNull();
      expect(userErrors).toMatchObject([{ code: 'COST_OVER_LIMIT', field: ['input', 'maxCostUsd'] }]);
      expect(queries()).toEqual([]);
    });

    it('knows nothing of a static source’s time, and brings it all the same', async () => {
      const fixed = findSource(gateway, 'shop', 'customer', 1);
      const { featurestore } = fixed.entityType;
      await gateway.stores
        .offline(featurestore)
        .append(fixed, [{ ...row('ann', 0, { born: T(-1e9) }), timestamp: null }]);
      const batches: unknown[] = [];
      for await (const writes of gateway.stores.offline(featurestore).newest(fixed, { asOf: T(-2e9) }))
        batches.push(...writes);
      expect(batches).toMatchObject([{ entityId: 'ann' }, { entityId: 'ann' }]);
    });
  });
});
