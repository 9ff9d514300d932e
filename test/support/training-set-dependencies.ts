import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DataFiles } from '../../datasources/files/data-files.js';
import type { Accounting } from '../../jobs/accounting.js';
import { JobEngine } from '../../jobs/job-engine.js';
import type { CostTerms } from '../../jobs/job-request.js';
import type { JobRecord } from '../../datasources/job-store/job-record.js';
import type { JobStore } from '../../datasources/job-store/job-store.js';
import { LmdbJobStore } from '../../datasources/job-store/lmdb/lmdb-job-store.js';
import { LocalTrainingSets } from '../../training-sets/local-training-sets.js';
import type { OutputTables } from '../../datasources/output-tables/output-tables.js';
import type { SharedTrainingSets } from '../../training-sets/training-set-dependencies.js';
import type { FindRemoteStore } from '../../training-sets/remote-store.js';
import { TrainingSetHandler } from '../../training-sets/training-set-handler.js';
import { TRAINING_SET_JOB } from '../../training-sets/training-set-job.js';
import type { StartTrainingSet, TrainingSetJobRecord, TrainingSetRequest } from '../../training-sets/training-sets.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { Registry } from '../../datasources/registry/registry.js';
import type { Featurestore } from '../../datasources/registry/model.js';
import { systemClock } from '../../values/clock.js';
import { temporaryFolder } from './temporary-folder.js';

/** The real store, engine and files of one data folder, and what makes training sets of them. */
export interface TrainingSetWorld {
  readonly folder: string;
  readonly files: string;
  readonly offline: DuckDbOfflineStore;
  readonly engine: JobEngine;
  readonly trainingSets: LocalTrainingSets;
  readonly make: (request: TrainingSetRequest, start?: Partial<StartTrainingSet>) => Promise<TrainingSetJobRecord>;
  /** Rows that a query over the offline store's connection gives. */
  readonly query: (sql: string) => Promise<Record<string, unknown>[]>;
  readonly close: () => Promise<void>;
}

export interface TrainingSetWorldOptions {
  readonly folder?: string;
  readonly chunkRows?: number;
  readonly maxRunning?: number;
  /** Where a featurestore's history is, if not in the store that is opened here. */
  readonly findRemoteStore?: FindRemoteStore;
  /** The files of several gateways. Absent: one gateway has its files for itself. */
  readonly shared?: SharedTrainingSets;
  /** The tables of a warehouse for outputs. Absent: there are none. */
  readonly tables?: OutputTables;
  /** Absent: the embedded store of the folder. */
  readonly jobs?: JobStore;
  /** Absent: jobs cost nothing. */
  readonly accounting?: Accounting;
}

export async function openTrainingSets(
  featurestores: readonly Featurestore[],
  {
    folder = temporaryFolder(),
    chunkRows,
    maxRunning = 1,
    findRemoteStore = () => undefined,
    accounting,
    shared,
    tables,
    jobs: store = new LmdbJobStore(join(folder, 'jobs')),
  }: TrainingSetWorldOptions = {},
): Promise<TrainingSetWorld> {
  mkdirSync(folder, { recursive: true });
  const registry = new Registry(featurestores);
  const sources = featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap((entityType) => entityType.sources);
  const database = await DuckDbDatabase.open(join(folder, 'offline.duckdb'));
  const offline = await DuckDbOfflineStore.open(database, sources);
  const files = await DataFiles.open(join(folder, 'files'));
  const dependencies = {
    database,
    findRemoteStore,
    stores: { offline: () => offline },
    registry,
    files,
    shared,
    tables,
    workFolder: join(folder, 'work'),
    clock: systemClock,
  };
  const handler = new TrainingSetHandler(dependencies, chunkRows);
  const errors: unknown[] = [];
  let jobs = Date.now();
  const engine = new JobEngine({
    store,
    handlers: [handler],
    clock: systemClock,
    newId: () => `job-${(jobs += 1)}`,
    maxRunning,
    ...(accounting ? { accounting } : {}),
    onError: (error) => errors.push(error),
  });
  const trainingSets = new LocalTrainingSets(engine, handler, dependencies);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await engine.stop();
    await offline.close();
  };
  onTestFinished(close);
  return {
    folder,
    files: files.folder,
    offline,
    engine,
    trainingSets,
    close,
    make: async (request, start = {}) => {
      const { id } = await trainingSets.start({ ...request, ...STARTED, ...start });
      const ended = await waitForEnd(engine, id);
      if (errors.length > 0) throw errors[0];
      return TRAINING_SET_JOB.read(ended);
    },
    query: async (sql) => database.use(async (connection) => (await connection.runAndReadAll(sql)).getRowObjects()),
  };
}

export const STARTED: StartTrainingSet = {
  displayName: null,
  jobLabels: {},
  createdBy: null,
  idempotencyKey: null,
  output: { format: 'PARQUET', location: null },
};

/** The terms of work that may cost anything. */
export const NO_LIMIT: CostTerms = { createdBy: null };

/** The job when it has ended. */
export async function waitForEnd(engine: JobEngine, id: string): Promise<JobRecord> {
  let last: JobRecord | undefined;
  for await (const job of (await engine.follow(id))!) last = job;
  return last!;
}
