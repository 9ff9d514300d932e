import { describe } from 'vitest';
import { openTestStore, startBigQuery } from '../support/google/bigquery-store.js';
import { hasGoogleSql, WITHOUT_GOOGLE_SQL } from '../support/google/googlesql/evaluator.js';
import { describeOfflineStore } from './offline-store.contract.js';

describe.skipIf(!hasGoogleSql)(`BigQuery (${hasGoogleSql ? 'GoogleSQL is here' : WITHOUT_GOOGLE_SQL})`, () => {
  describeOfflineStore('BigQuery', async () => {
    const server = await startBigQuery(() => 1_000_000_000_000_000n);
    return {
      storeFor: (entityType) => openTestStore(server, entityType),
      dispose: () => server.stop(),
    };
  });
});
