import { openTestStore, startBigQuery } from '../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { describeOfflineExplanations } from './offline-explain.contract.js';
import { describeOfflineStore } from './offline-store.contract.js';

describeWithGoogleSql('BigQuery', () => {
  describeOfflineExplanations('BigQuery', async () => {
    const server = await startBigQuery();
    return { storeFor: (entityType) => openTestStore(server, entityType), dispose: () => server.stop() };
  });

  describeOfflineStore('BigQuery', async () => {
    let now = 1_000_000_000_000_000n;
    const server = await startBigQuery(() => now);
    return {
      storeFor: (entityType) => openTestStore(server, entityType),
      passWriteBuffer: () => (now += 3_600_000_000n),
      dispose: () => server.stop(),
    };
  });
});
