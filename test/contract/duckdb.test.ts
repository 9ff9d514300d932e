import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { openHistoryStores } from '../support/history-store.js';
import { describeOfflineExplanations } from './offline-explain.contract.js';
import { describeOfflineStore } from './offline-store.contract.js';

for (const describeContract of [describeOfflineStore, describeOfflineExplanations]) {
  describeContract('DuckDB', async () => {
    const database = await DuckDbDatabase.open(':memory:');
    return {
      storeFor: (entityType) => DuckDbOfflineStore.open(database, entityType.sources),
      dispose: async () => database.close(),
    };
  });
}

describeOfflineStore('DuckDB, with the key-value history in front', () => openHistoryStores('COPIED'));
