import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { openTestStore, startBigQuery } from '../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { describeEntityTimes } from './entity-times.contract.js';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 60);

describeEntityTimes(
  'DuckDB',
  async () => {
    const database = await DuckDbDatabase.open(':memory:');
    return {
      storeFor: (entityType) => DuckDbOfflineStore.open(database, entityType.sources),
      dispose: async () => database.close(),
    };
  },
  RUNS,
);

describeWithGoogleSql('in BigQuery', () => {
  describeEntityTimes(
    'BigQuery',
    async () => {
      const server = await startBigQuery();
      return { storeFor: (entityType) => openTestStore(server, entityType), dispose: () => server.stop() };
    },
    Math.ceil(RUNS / 4),
  );
});
