import { existsSync } from 'node:fs';
import type { Finding } from '../datasources/diagnosis.js';
import { DuckDbDatabase } from '../datasources/duckdb/database.js';
import { findTypeFaults } from '../datasources/duckdb/history-table.js';
import { hasImportRecords, readImportRecord } from '../datasources/duckdb/import-record.js';
import type { EntityType, Featurestore, FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { OperatorError } from '../errors/operator-error.js';
import { fillFingerprint, isUpToDate } from '../ingestion/fill-fingerprint.js';
import { sourceFingerprint } from '../ingestion/source-fingerprint.js';
import { systemClock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import { databaseFile, listSources } from './offline-store-adapters.js';
import { readOnlineFills } from './online-store-adapters.js';

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
    yield* compareRecords(registry, database, dataDirectory);
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

async function* compareRecords(
  registry: Registry,
  database: DuckDbDatabase,
  dataDirectory: string,
): AsyncGenerator<Finding> {
  const hasRecords = await database.use(hasImportRecords);
  let upToDate = 0;
  for (const featurestore of registry.featurestores) {
    const computed = featurestore.entityTypes.filter(({ sources }) => sources.some(({ sql }) => sql !== null));
    const { fills, unknown } = await findFills(featurestore, computed, dataDirectory);
    if (unknown) yield unknown;
    for (const entityType of computed) {
      const name = `${featurestore.name}.${entityType.name}`;
      const fingerprints: string[] = [];
      let outdated = 0;
      for (const source of entityType.sources) {
        if (source.sql === null) continue;
        const record = hasRecords
          ? await database.use((connection) => readImportRecord(connection, source))
          : undefined;
        const fingerprint = await sourceFingerprint(source);
        fingerprints.push(fingerprint);
        if (record === fingerprint) continue;
        outdated += 1;
        const why = record === undefined ? 'never computed' : 'its SQL, files or columns changed';
        yield {
          status: 'ok',
          message: `a start computes ${name}: ${source.name} (${why}), and fills its online store`,
        };
      }
      upToDate += fingerprints.length - outdated;
      // The fill is already announced with the source.
      if (outdated > 0 || fills === undefined) continue;
      const why = whyFilled(fills.get(entityType), fillFingerprint(entityType, fingerprints), systemClock());
      if (why !== null) yield { status: 'ok', message: `a start fills the online store of ${name} (${why})` };
    }
  }
  const sources = listComputedSources(registry).length;
  if (upToDate > 0) yield { status: 'ok', message: `up to date: ${upToDate} of ${sources} sources with SQL` };
}

interface KnownFills {
  readonly fills?: ReadonlyMap<EntityType, string> | undefined;
  readonly unknown?: Finding;
}

async function findFills(
  { name, onlineSettings }: Featurestore,
  entityTypes: readonly EntityType[],
  dataDirectory: string,
): Promise<KnownFills> {
  if (entityTypes.length === 0) return {};
  try {
    return { fills: await readOnlineFills(onlineSettings, entityTypes, { dataDirectory }) };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const [reason = error.summary, ...advice] = error.faults;
    const message = `whether a start fills the online store of ${name} is not known: ${reason}`;
    return { unknown: { status: 'warning', message, remedy: advice.join('; ') } };
  }
}

/** Why a start fills an online store whose sources are up to date; null if it does not. */
function whyFilled(filled: string | undefined, contents: string, now: Instant): string | null {
  if (isUpToDate(filled, contents, now)) return null;
  if (filled === undefined) return 'never filled, or its fill did not end';
  if (isUpToDate(filled, contents, EARLIEST)) return 'rows of the future became true since';
  const rule = (fingerprint: string): string | undefined => fingerprint.split(' ')[0];
  return rule(filled) === rule(contents) ? 'its sources are others' : '"dense" changed';
}

/** Before every row of the future. */
const EARLIEST: Instant = 0n;

export function listComputedSources({ featurestores }: Registry): FeatureSource[] {
  return featurestores.flatMap(listSources).filter(({ sql }) => sql !== null);
}
