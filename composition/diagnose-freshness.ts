import { existsSync } from 'node:fs';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import { DuckDbDatabase } from '../datasources/duckdb/database.js';
import { hasImportRecords, hasFilesStates, readImportState } from '../datasources/duckdb/import-record.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { OperatorError } from '../errors/operator-error.js';
import { readFilesState } from '../ingestion/source-fingerprint.js';
import { listComputedSources } from './diagnose-preparation.js';
import { databaseFile } from './offline-store-adapters.js';

/** A source, as a running gateway tells of it. */
export interface ToldSource {
  readonly featurestore: string;
  readonly entityType: string;
  readonly source: string;
  readonly isBehind: boolean;
}

/**
 * Names the sources whose files changed after their values were computed. A running gateway has the data folder for
 * itself, so it is asked. `ask` throws OperatorError when none answers.
 */
export function diagnoseFreshness(
  registry: Registry,
  dataDirectory: string,
  ask: () => Promise<readonly ToldSource[]>,
): Diagnosis[] {
  const sources = listComputedSources(registry);
  return sources.length === 0
    ? []
    : [{ store: 'sources', findings: compareFiles(sources, databaseFile(dataDirectory), ask) }];
}

async function* compareFiles(
  sources: readonly FeatureSource[],
  file: string,
  ask: () => Promise<readonly ToldSource[]>,
): AsyncGenerator<Finding> {
  if (!existsSync(file)) {
    yield { status: 'ok', message: 'nothing was computed yet: a start computes every source' };
    return;
  }
  let isOld: (source: FeatureSource) => Promise<boolean | null>;
  let database: DuckDbDatabase | null = null;
  try {
    database = await DuckDbDatabase.open(file, { toRead: true });
    isOld = await compareWithRecords(database);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const told = await ask().catch((cause: unknown) => {
      if (cause instanceof OperatorError) return null;
      throw cause;
    });
    if (!told) {
      yield {
        status: 'warning',
        message:
          'whether sources are behind is not known: another process uses the data folder, and no gateway answers',
        remedy: 'Say with --url where the gateway is.',
      };
      return;
    }
    isOld = async (source) => told.find((one) => isSame(one, source))?.isBehind ?? null;
  }
  try {
    yield* describeSources(sources, isOld);
  } finally {
    database?.close();
  }
}

async function* describeSources(
  sources: readonly FeatureSource[],
  isOld: (source: FeatureSource) => Promise<boolean | null>,
): AsyncGenerator<Finding> {
  let upToDate = 0;
  for (const source of sources) {
    const { entityType, name } = source;
    const { featurestore } = entityType;
    const what = `${featurestore.name}.${entityType.name}: ${name}`;
    const isBehind = await isOld(source);
    if (isBehind === false) upToDate += 1;
    else if (isBehind === null) yield { status: 'ok', message: `${what} was not computed yet` };
    else {
      yield {
        status: 'warning',
        message: `${what} is behind: a file changed after its values were computed`,
        remedy: `featuregraph refresh ${featurestore.name} ${entityType.name} ${name}`,
      };
    }
  }
  if (upToDate > 0) yield { status: 'ok', message: `up to date: ${upToDate} of ${sources.length} sources with SQL` };
}

/** null: a source that was never computed, or by a release that recorded no files. */
async function compareWithRecords(
  database: DuckDbDatabase,
): Promise<(source: FeatureSource) => Promise<boolean | null>> {
  const isRecorded = await database.use(
    async (connection) => (await hasImportRecords(connection)) && (await hasFilesStates(connection)),
  );
  return async (source) => {
    if (!isRecorded) return null;
    const { filesState } = await database.use((connection) => readImportState(connection, source));
    return filesState === null ? null : filesState !== (await readFilesState(source));
  };
}

function isSame(told: ToldSource, { name, entityType }: FeatureSource): boolean {
  return (
    told.source === name && told.entityType === entityType.name && told.featurestore === entityType.featurestore.name
  );
}
