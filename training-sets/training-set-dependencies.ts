import { randomUUID } from 'node:crypto';
import type { DuckDbDatabase } from '../datasources/duckdb/database.js';
import type { DataFiles } from '../datasources/files/data-files.js';
import type { OutputTables } from '../datasources/output-tables/output-tables.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { SharedFiles } from '../datasources/shared-files/shared-files.js';
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
  /** Where several gateways share their jobs: their files are there, and not in `files`. */
  readonly shared?: SharedTrainingSets | undefined;
  /** The tables of a warehouse for outputs. Absent: the operator named no place for them. */
  readonly tables?: OutputTables | undefined;
  /** The folder for the work of unfinished jobs; no client can name it. */
  readonly workFolder: string;
  readonly clock: Clock;
  /** Aborts when the client of the current request is gone or its time is over. Absent: there is no request. */
  readonly currentSignal?: () => AbortSignal | undefined;
}

/** What training sets of several gateways need. */
export interface SharedTrainingSets {
  readonly files: SharedFiles;
  /** A new id at each start of a gateway: the work files of a job are of use only to the gateway that made them. */
  readonly gateway: string;
}

/** Provides a work database in memory. `signal`: absent, that of the request; a job must pass its own. */
export async function withWorkDatabase<Result>(
  { database, currentSignal }: TrainingSetDependencies,
  use: (work: WorkDatabase) => Promise<Result>,
  signal = currentSignal?.() ?? new AbortController().signal,
): Promise<Result> {
  // The request may have waited.
  signal.throwIfAborted();
  const connection = await database.connectAfterWrites();
  const work = await WorkDatabase.open(connection, randomUUID(), signal);
  try {
    return await use(work);
  } finally {
    await work.close();
  }
}
