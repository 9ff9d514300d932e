import { DirectFeatureWriter } from '../../ingestion/writes/direct-feature-writer.js';
import { openTestStore as openBigQuery, DATASET, PROJECT, startBigQuery } from '../support/google/bigquery-store.js';
import {
  describeWithBigtable,
  openTestStore as openBigtable,
  startBigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { describeFeatureWriter } from './feature-writer.contract.js';

const STORES = {
  onlineStore: { kind: 'BIGTABLE', project: PROJECT, instance: 'test-instance', table: 'features' },
  offlineStore: { kind: 'BIGQUERY', project: PROJECT, dataset: DATASET, location: 'EU' },
} as const;

describeWithBigtable('Google Cloud', () => {
  describeWithGoogleSql('Google Cloud', () => {
    describeFeatureWriter('Bigtable and BigQuery', STORES, async () => {
      let serverNow = 1_000_000_000_000_000n;
      const [emulator, server] = [await startBigtableEmulator(), await startBigQuery(() => serverNow)];
      return {
        open: async (entityType, clock) => {
          const online = await openBigtable(emulator.endpoint);
          const offline = await openBigQuery(server, entityType, {}, { clock });
          let isFailing = false;
          const write = online.write.bind(online);
          online.write = async (...request) => {
            const fails = isFailing;
            isFailing = false;
            if (fails) throw new Error('the connection is lost');
            await write(...request);
          };
          const onError = (error: unknown): never => {
            throw error;
          };
          const writer = new DirectFeatureWriter({ online, offline, clock, onError });
          return {
            writer,
            online,
            offline,
            failNextWrite: () => (isFailing = true),
            close: async () => {
              writer.close();
              await online.close();
              await offline.close();
            },
          };
        },
        passWriteBuffer: () => (serverNow += 3_600_000_000n),
        dispose: async () => {
          await emulator.stop();
          await server.stop();
        },
      };
    });
  });
});
