import { Bigtable } from '@google-cloud/bigtable';
import { PassThroughClient } from 'google-auth-library';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { doctor } from '../../../cli/commands/doctor.js';
import type { BigtableSettings } from '../../../datasources/registry/model.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { DATASET, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { startStrictBigtable, type StrictBigtable } from '../../support/google/strict-bigtable.js';
import { startVertexWorld, PLACE, type VertexWorld } from '../../support/google/vertex-world.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const COLUMNS = [
  { name: 'customer_id', type: 'STRING' },
  { name: 'event_timestamp', type: 'TIMESTAMP' },
  { name: 'orders', type: 'INT64' },
  { name: 'score', type: 'FLOAT64' },
  { name: 'tags', type: 'STRING', mode: 'REPEATED' },
];

describeWithBigtable('featuregraph doctor --deep', () => {
  describeWithGoogleSql('featuregraph doctor --deep', () => {
    let emulator: BigtableEmulator;
    let strict: StrictBigtable;
    let bigQuery: BigQueryServer;
    let vertex: VertexWorld;
    let settings: BigtableSettings;
    beforeAll(async () => {
      emulator = await startBigtableEmulator();
      settings = await createTable(emulator.endpoint, { project: PROJECT, rule: { versions: 1 } });
      strict = await startStrictBigtable(emulator.endpoint);
      bigQuery = await startBigQuery();
      bigQuery.tables.create(PROJECT, DATASET, {
        tableReference: { projectId: PROJECT, datasetId: DATASET, tableId: 'customer_facts' },
        schema: { fields: COLUMNS },
        timePartitioning: { type: 'DAY', field: 'event_timestamp' },
        requirePartitionFilter: true,
      });
      vertex = await startVertexWorld();
      vertex.views.addView('serving', 'buyer', { features: { orders: 'INT64' } });
    });
    afterAll(async () => {
      vertex.server.stop();
      await bigQuery.stop();
      strict.stop();
      await emulator.stop();
    });

    /** The report of a registry with a store of each kind that is not on this machine. */
    const report = async (table: string): Promise<string> => {
      const folder = temporaryFolder();
      const features = [
        { name: 'orders', valueType: 'INT64' },
        { name: 'score', valueType: 'DOUBLE' },
        { name: 'tags', valueType: 'STRING_ARRAY' },
      ];
      const source = { timestampColumn: 'event_timestamp', features };
      const registry = {
        featurestores: [
          {
            name: 'shop',
            onlineStore: { kind: 'BIGTABLE', project: PROJECT, instance: settings.instance, table },
            offlineStore: { kind: 'BIGQUERY', project: PROJECT, dataset: DATASET, location: 'EU' },
            entityTypes: [
              {
                name: 'customer',
                entityIdColumns: ['customer_id'],
                sources: [{ ...source, bigQueryTable: 'customer_facts' }],
              },
            ],
          },
          {
            name: 'club',
            onlineStore: { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving' },
            entityTypes: [{ name: 'buyer', sources: [{ features: features.slice(0, 1) }] }],
          },
        ],
      };
      writeFileSync(join(folder, 'registry.yaml'), JSON.stringify(registry));
      vi.stubEnv('FEATUREGRAPH_REGISTRY', join(folder, 'registry.yaml'));
      vi.stubEnv('FEATUREGRAPH_DATA_DIR', join(folder, 'data'));
      vi.stubEnv('BIGTABLE_EMULATOR_HOST', strict.endpoint);
      vi.stubEnv('BIGQUERY_EMULATOR_HOST', `${bigQuery.endpoint}/bigquery/v2`);
      const lines: string[] = [];
      const written = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
      onTestFinished(() => {
        written.mockRestore();
        vi.unstubAllEnvs();
        process.exitCode = undefined;
      });
      const bigquery = { apiEndpoint: bigQuery.endpoint, authClient: new PassThroughClient() };
      await doctor({ vertex: vertex.server.clientOptions, bigquery }, undefined, undefined, { isDeep: true });
      return lines.join('');
    };

    /** The lines below the heading of a store, without their times. */
    const findingsOf = (text: string, heading: string): string[] => {
      const [, findings = ''] = new RegExp(`^use of ${heading}.*\n((?: .*\n)*)`, 'm').exec(text) ?? [];
      return findings
        .trimEnd()
        .split('\n')
        .map((line) => line.trim().replaceAll(/\d+ ms/g, 'N ms'));
    };

    it('uses each store as the gateway does, and leaves nothing behind', async () => {
      const text = await report(settings.table);
      expect(findingsOf(text, 'online store BIGTABLE')).toEqual([
        'ok       reads shop.customer: N ms',
        'ok       writes a marked row of shop.customer: N ms',
        'ok       reads the marked row: N ms',
        'ok       deletes the marked row: N ms',
      ]);
      expect(findingsOf(text, 'online store VERTEX_FEATURE_VIEW')).toEqual([
        'ok       reads club.buyer: N ms',
        expect.stringMatching(/^warning {2}writes were not tried: Vertex AI deletes no single row/),
      ]);
      expect(findingsOf(text, 'offline store BIGQUERY')).toEqual([
        'ok       runs a query without a table: N ms',
        expect.stringMatching(/^ok {7}plans a read of table .*\(dry run\): N ms, 0 bytes$/),
        'ok       creates a table of its own: N ms',
        'ok       loads a marked row: N ms',
        'ok       reads the marked row: N ms, 1 rows',
        'ok       deletes the marked row: N ms, 0 rows',
        'ok       removes its table: N ms',
      ]);
      expect(bigQuery.tables.idsOf(PROJECT, DATASET)).toEqual(['customer_facts']);
      const client = new Bigtable({ projectId: PROJECT, apiEndpoint: emulator.endpoint, metricsEnabled: false });
      const [rows] = await client.instance(settings.instance).table(settings.table).getRows();
      await client.close();
      expect(rows).toEqual([]);
    });

    it('is a report for an issue: it tells the versions, and no names of resources', async () => {
      const text = await report(settings.table);
      expect(text).toMatch(
        /^featuregraph doctor --deep, \d{4}-.*\nfeaturegraph \d.*, Node.js v\d.*\n@google-cloud\/aiplatform \d/,
      );
      expect(text).toContain('use of online store BIGTABLE: [project 1]');
      for (const name of [PROJECT, PLACE.project, settings.instance, settings.table]) expect(text).not.toContain(name);
    });

    it('finds what a check without use does not: a table that is missing', async () => {
      const [first, ...others] = findingsOf(await report('other-table'), 'online store BIGTABLE');
      expect(first).toMatch(/^fault {4}reads shop.customer: failed after N ms: .*cannot be used/);
      expect(others.join('\n')).toContain('gcloud bigtable instances tables create [table');
      expect(process.exitCode).toBe(1);
    });
  });
});
