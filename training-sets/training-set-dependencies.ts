import { randomUUID } from 'node:crypto';
import type { DuckDbDatabase } from '../datasources/duckdb/database.js';
import type { DataFiles } from '../datasources/files/data-files.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import type { Clock } from '../values/clock.js';
import type { FindRemoteStore } from './remote-store.js';
import { WorkDatabase } from './work-database.js';

/** The dependencies of training sets. */
export interface TrainingSetDependencies {
  /** The database of the offline store. */
  readonly database: DuckDbDatabase;
  /** Finds the store of a featurestore whose history is not in `database`. */
  readonly findRemoteStore: FindRemoteStore;
  /** Estimates the number of bytes that a query scans. */
  readonly stores: Pick<FeatureStores, 'offline'>;
  readonly registry: Registry;
  readonly files: DataFiles;
  /** The folder for the work of unfinished jobs; no client can name it. */
  readonly workFolder: string;
  readonly clock: Clock;
}

/** Provides a work database in memory, for work outside jobs. */
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
