import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { DuckDbWrittenHistory } from '../../datasources/offline/duckdb/duckdb-written-history.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { LoggedFeatureWriter } from '../../ingestion/writes/logged-feature-writer.js';
import { describeFeatureWriter } from './feature-writer.contract.js';

describeFeatureWriter('LMDB with a log, and DuckDB', {}, async () => ({
  open: async (entityType, clock) => {
    const folder = await mkdtemp(join(tmpdir(), 'featuregraph-writer-'));
    const database = await DuckDbDatabase.open(':memory:');
    const offline = await DuckDbOfflineStore.open(database, entityType.sources);
    const online = new LmdbOnlineStore(join(folder, 'online'));
    const history = await DuckDbWrittenHistory.open(database);
    const log = online.openLog((_featurestore, _entityType, name) =>
      entityType.sources.find((source) => source.name === name),
    );
    let isFailing = false;
    const commit = log.commit.bind(log);
    log.commit = async (rows) => {
      const fails = isFailing;
      isFailing = false;
      if (fails) throw new Error('the disk fails');
      await commit(rows);
    };
    const onError = (error: unknown): never => {
      throw error;
    };
    const writer = await LoggedFeatureWriter.open({ log, history, clock, onError, onUnknownRows: () => undefined });
    database.beforeUse = (entities) => writer.drained(entities);
    return {
      writer,
      online,
      offline,
      failNextWrite: () => (isFailing = true),
      close: async () => {
        await writer.close();
        history.close();
        await online.close();
        database.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  dispose: async () => undefined,
}));
