import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { describeOfflineStore } from './offline-store.contract.js';

describeOfflineStore('DuckDB', async () => {
  const database = await DuckDbDatabase.open(':memory:');
  return {
    storeFor: (entityType) => DuckDbOfflineStore.open(database, entityType.sources),
    dispose: async () => database.close(),
  };
});
