import { openTestStore, startBigQuery } from '../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { describeOfflineStatistics } from './offline-statistics.contract.js';

describeWithGoogleSql('BigQuery', () => {
  describeOfflineStatistics(
    'BigQuery',
    async () => {
      const server = await startBigQuery();
      return { storeFor: (entityType) => openTestStore(server, entityType), dispose: () => server.stop() };
    },
    { numRuns: 10 },
  );
});
