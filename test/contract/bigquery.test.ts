import { openTestStore, startBigQuery } from '../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { describeOfflineStore } from './offline-store.contract.js';

describeWithGoogleSql('BigQuery', () => {
  describeOfflineStore('BigQuery', async () => {
    const server = await startBigQuery(() => 1_000_000_000_000_000n);
    return {
      storeFor: (entityType) => openTestStore(server, entityType),
      dispose: () => server.stop(),
    };
  });
});
