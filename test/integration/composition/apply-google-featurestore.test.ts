import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThroughClient } from 'google-auth-library';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { ask } from '../../support/ask.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { DATASET, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { webSocketClient } from '../../support/stream-clients.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';

const EMBEDDED = `
  - name: near
    entityTypes:
      - name: customer
        sources: [{ name: orders, features: [{ name: count, valueType: INT64 }] }]`;
const features = (...names: readonly string[]): string =>
  names.map((name) => `{ name: ${name}, valueType: INT64 }`).join(', ');

describeWithBigtable('a registry with a featurestore on Google Cloud that is applied', () => {
  describeWithGoogleSql('a registry with a featurestore on Google Cloud that is applied', () => {
    let emulator: BigtableEmulator;
    let bigQuery: BigQueryServer;
    beforeAll(async () => {
      emulator = await startBigtableEmulator();
      bigQuery = await startBigQuery();
    });
    afterEach(() => void vi.unstubAllEnvs());
    afterAll(async () => {
      await emulator.stop();
      await bigQuery.stop();
    });

    async function start(makeFirst: (google: (...names: readonly string[]) => string) => string) {
      vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
      const folder = temporaryFolder();
      const { instance, table } = await createTable(emulator.endpoint);
      const google = (name: string, ...names: readonly string[]): string => `
  - name: ${name}
    onlineStore: { kind: BIGTABLE, project: ${PROJECT}, instance: ${instance}, table: ${table}, columnFamily: f, readDeadlineMs: 30000 }
    offlineStore: { kind: BIGQUERY, project: ${PROJECT}, dataset: ${DATASET}, location: EU }
    entityTypes:
      - name: ${table.replaceAll('-', '_')}
        sources: [{ name: orders, features: [${features(...names)}] }]`;
      const write = (...featurestores: readonly string[]): void =>
        writeFileSync(join(folder, 'registry.yaml'), `featurestores:${featurestores.join('')}\n`);
      write(makeFirst((...names) => google('far', ...names)));
      const gateway = await startRegistryGateway(folder, {
        google: { bigquery: { apiEndpoint: bigQuery.endpoint, authClient: new PassThroughClient() } },
      });
      onTestFinished(() => gateway.stop());
      const entityType = table.replaceAll('-', '_');
      const variables = { store: 'far', entityType };
      return {
        url: gateway.url,
        entityType,
        google,
        write,
        reload: gateway.reload,
        apply: async () => {
          const { plan, isApplied } = await gateway.reload();
          expect(plan.faults).toEqual([]);
          expect(isApplied).toBe(true);
        },
        send: async (timestamp: string, values: Readonly<Record<string, string>>, featurestore = 'far') => {
          const row = {
            entityType: featurestore === 'far' ? entityType : 'customer',
            entityId: 'a',
            timestamp,
            values: Object.entries(values).map(([feature, value]) => ({ feature, value })),
          };
          const { writeFeatureValues } = await ask(
            gateway.url,
            `mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written userErrors { message } } }`,
            { input: { featurestore, rows: [row] } },
          );
          expect(writeFeatureValues).toEqual({ written: 1, userErrors: [] });
        },
        read: async (names: readonly string[], asOf: string | null = null) => {
          const { entity } = await ask(
            gateway.url,
            `query ($store: String!, $entityType: String!, $names: [String!], $asOf: DateTime) {
              entity(featurestore: $store, entityType: $entityType, entityId: "a", asOf: $asOf) {
                features(names: $names) { value } } }`,
            { ...variables, names, asOf },
          );
          return entity.features.map(({ value }: any) => value);
        },
      };
    }

    it('is written and read, now and as of a time, without a restart; its future rows reach subscribers', async () => {
      const gateway = await start(() => EMBEDDED);
      gateway.write(EMBEDDED, gateway.google('far', 'total'));
      await gateway.apply();
      await gateway.send('2001-01-01T00:00:00Z', { total: '1' });
      await gateway.send('2002-01-01T00:00:00Z', { total: '2' });
      expect(await gateway.read(['total'])).toEqual(['2']);
      expect(await gateway.read(['total'], '2001-06-01T00:00:00Z')).toEqual(['1']);
      await gateway.send('2001-01-01T00:00:00Z', { count: '7' }, 'near');

      const client = webSocketClient(gateway.url);
      onTestFinished(() => client.close());
      const seen: unknown[] = [];
      await client.follow(
        {
          query: `subscription { featureValues(featurestore: "far", entityType: "${gateway.entityType}", entityIds: ["a"]) {
            entities { features { value } } } }`,
        },
        ({ data }, end) => {
          seen.push(data.featureValues.entities[0].features[0].value);
          if (seen.length === 1) void gateway.send(new Date(Date.now() + 1000).toISOString(), { total: '3' });
          else end();
        },
      );
      expect(seen).toEqual(['2', '3']);
    });

    it('that has it already is served on after any change, and a feature that is added gets its column', async () => {
      const gateway = await start((google) => google('total'));
      await gateway.send('2001-01-01T00:00:00Z', { total: '1' });
      // The objects of the registry are others now; nothing of the stores is.
      gateway.write(gateway.google('far', 'total'), EMBEDDED);
      await gateway.apply();
      await gateway.send('2002-01-01T00:00:00Z', { total: '2' });
      expect(await gateway.read(['total'], '2001-06-01T00:00:00Z')).toEqual(['1']);

      gateway.write(gateway.google('far', 'total', 'returned'), EMBEDDED);
      await gateway.apply();
      await gateway.send('2003-01-01T00:00:00Z', { total: '3', returned: '4' });
      expect(await gateway.read(['total', 'returned'])).toEqual(['3', '4']);
      expect(await gateway.read(['total', 'returned'], '2002-06-01T00:00:00Z')).toEqual(['2', null]);
      // The embedded stores were not there at the start.
      await gateway.send('2001-01-01T00:00:00Z', { count: '7' }, 'near');
    });

    it('whose store does not open is refused, and the registry before it is served', async () => {
      const gateway = await start(() => EMBEDDED);
      gateway.write(EMBEDDED, gateway.google('far', 'total').replace(`dataset: ${DATASET}`, 'dataset: missing'));
      const { plan, isApplied } = await gateway.reload();
      expect(isApplied).toBe(false);
      expect(plan.faults.join(' ')).toContain('The BigQuery dataset "missing"');
      await gateway.send('2001-01-01T00:00:00Z', { count: '7' }, 'near');
      await expect(gateway.read(['total'])).rejects.toThrow('FEATURESTORE_NOT_FOUND');
      gateway.write(EMBEDDED, gateway.google('far', 'total'));
      await gateway.apply();
      expect(await gateway.read(['total'])).toEqual([null]);
    });
  });
});
