import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { describeOfflineStatistics } from './offline-statistics.contract.js';

describeOfflineStatistics(
  'DuckDB',
  async () => {
    const database = await DuckDbDatabase.open(':memory:');
    return {
      storeFor: (entityType) => DuckDbOfflineStore.open(database, entityType.sources),
      dispose: async () => database.close(),
    };
  },
  { numRuns: 40 },
);
