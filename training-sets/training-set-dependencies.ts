import { randomUUID } from 'node:crypto';
import type { DuckDbDatabase } from '../datasources/duckdb/database.js';
import type { DataFiles } from '../datasources/files/data-files.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import type { Clock } from '../values/clock.js';
import type { FindRemoteStore } from './remote-store.js';
import { WorkDatabase } from './work-database.js';

/** What training sets are made with. */
export interface TrainingSetDependencies {
  /** Of the offline store. */
  readonly database: DuckDbDatabase;
  /** Where a featurestore's history is, if not in `database`. */
  readonly findRemoteStore: FindRemoteStore;
  /** What says how many bytes a query scans. */
  readonly stores: Pick<FeatureStores, 'offline'>;
  readonly registry: Registry;
  readonly files: DataFiles;
  /** Where the work of unfinished jobs is kept; no client can name it. */
  readonly workFolder: string;
  readonly clock: Clock;
}

/** Lends a work database in memory, for work that no job does. */
export async function withWorkDatabase<Result>(
  { database }: TrainingSetDependencies,
  use: (work: WorkDatabase) => Promise<Result>,
): Promise<Result> {
  const connection = await database.instance.connect();
  const work = await WorkDatabase.open(connection, randomUUID(), new AbortController().signal);
  try {
    return await use(work);
  } finally {
    await work.close();
  }
}
