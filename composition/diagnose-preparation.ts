import { existsSync } from 'node:fs';
import type { Finding } from '../datasources/diagnosis.js';
import { DuckDbDatabase } from '../datasources/duckdb/database.js';
import { findTypeFaults } from '../datasources/duckdb/history-table.js';
import { hasImportRecords, readImportRecord } from '../datasources/duckdb/import-record.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { OperatorError } from '../errors/operator-error.js';
import { sourceFingerprint } from '../ingestion/source-fingerprint.js';
import { databaseFile, listSources } from './offline-store-adapters.js';

/** What a start would compute, and what in the data folder prevents a start. It only reads the folder. */
export async function* diagnosePreparation(registry: Registry, dataDirectory: string): AsyncGenerator<Finding> {
  const sources = listComputedSources(registry);
  if (sources.length === 0) yield { status: 'ok', message: 'a start computes nothing: no source has SQL' };
  const file = databaseFile(dataDirectory);
  if (!existsSync(file)) {
    if (sources.length > 0) yield { status: 'ok', message: 'a start computes everything: no data folder yet' };
    return;
  }
  let database: DuckDbDatabase;
  try {
    database = await DuckDbDatabase.open(file, { toRead: true });
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    yield {
      status: 'warning',
      message: 'what a start computes is not known: another process uses the data folder, or it cannot be read',
      remedy: 'Stop the gateway that uses it, or check with a copy of the folder.',
    };
    return;
  }
  try {
    yield* compareTypes(registry, database);
    yield* compareRecords(sources, database);
  } finally {
    database.close();
  }
}

async function* compareTypes({ featurestores }: Registry, database: DuckDbDatabase): AsyncGenerator<Finding> {
  const embedded = featurestores.filter(({ offlineSettings }) => offlineSettings.kind === 'DUCKDB');
  for (const source of embedded.flatMap(listSources)) {
    for (const message of await database.use((connection) => findTypeFaults(connection, source))) {
      yield { status: 'fault', message };
    }
  }
}

async function* compareRecords(sources: readonly FeatureSource[], database: DuckDbDatabase): AsyncGenerator<Finding> {
  const hasRecords = await database.use(hasImportRecords);
  let outdated = 0;
  for (const source of sources) {
    const { entityType } = source;
    const record = hasRecords ? await database.use((connection) => readImportRecord(connection, source)) : undefined;
    if (record === (await sourceFingerprint(source))) continue;
    outdated += 1;
    const why = record === undefined ? 'never computed' : 'its SQL, files or columns changed';
    yield {
      status: 'ok',
      message: `a start computes ${entityType.featurestore.name}.${entityType.name}: ${source.name} (${why}), and fills its online store`,
    };
  }
  const upToDate = sources.length - outdated;
  if (upToDate > 0) yield { status: 'ok', message: `up to date: ${upToDate} of ${sources.length} sources with SQL` };
}

export function listComputedSources({ featurestores }: Registry): FeatureSource[] {
  return featurestores.flatMap(listSources).filter(({ sql }) => sql !== null);
}
