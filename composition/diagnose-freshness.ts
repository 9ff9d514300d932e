import { existsSync } from 'node:fs';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import { DuckDbDatabase } from '../datasources/duckdb/database.js';
import { hasImportRecords, hasFilesStates, readImportState } from '../datasources/duckdb/import-record.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { OperatorError } from '../errors/operator-error.js';
import { readInputState } from '../ingestion/source-fingerprint.js';
import { listComputedSources } from './diagnose-preparation.js';
import { databaseFile } from './offline-store-adapters.js';

/** A source, as a running gateway tells of it. */
export interface ToldSource {
  readonly featurestore: string;
  readonly entityType: string;
  readonly source: string;
  readonly isBehind: boolean;
}

/** A running gateway, which has the data folder for itself. */
export interface AskedGateway {
  /** Throws OperatorError when no gateway answers, and when it refuses the question. */
  readonly ask: () => Promise<readonly ToldSource[]>;
  /** The options that a command needs to reach it; empty where the default address is right. */
  readonly options: string;
}

/** null: never computed, or by a release that recorded no files. NOT_TOLD: the gateway does not name the source. */
type Behind = boolean | null | 'NOT_TOLD';

/**
 * Names the sources whose SQL, columns or files changed after their values were computed. Where a gateway runs on the data folder, it is
 * asked.
 */
export function diagnoseFreshness(registry: Registry, dataDirectory: string, gateway: AskedGateway): Diagnosis[] {
  const sources = listComputedSources(registry);
  return sources.length === 0
    ? []
    : [{ store: 'sources', findings: compareFiles(sources, databaseFile(dataDirectory), gateway) }];
}

async function* compareFiles(
  sources: readonly FeatureSource[],
  file: string,
  { ask, options }: AskedGateway,
): AsyncGenerator<Finding> {
  if (!existsSync(file)) {
    yield { status: 'ok', message: 'nothing was computed yet: a start computes every source' };
    return;
  }
  let isOld: (source: FeatureSource) => Promise<Behind>;
  let database: DuckDbDatabase | null = null;
  try {
    database = await DuckDbDatabase.open(file, { toRead: true });
    isOld = await compareWithRecords(database);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    let told: readonly ToldSource[];
    try {
      told = await ask();
    } catch (cause) {
      if (!(cause instanceof OperatorError)) throw cause;
      yield {
        status: 'warning',
        message: 'whether sources are behind is not known: another process uses the data folder',
        remedy: [cause.summary, ...cause.faults].join(' '),
      };
      return;
    }
    isOld = async (source) => told.find((one) => isSame(one, source))?.isBehind ?? 'NOT_TOLD';
  }
  try {
    yield* describeSources(sources, isOld, options);
  } finally {
    database?.close();
  }
}

async function* describeSources(
  sources: readonly FeatureSource[],
  isOld: (source: FeatureSource) => Promise<Behind>,
  options: string,
): AsyncGenerator<Finding> {
  let upToDate = 0;
  for (const source of sources) {
    const { entityType, name } = source;
    const { featurestore } = entityType;
    const what = `${featurestore.name}.${entityType.name}: ${name}`;
    const isBehind = await isOld(source);
    if (isBehind === false) upToDate += 1;
    else if (isBehind === null) yield { status: 'ok', message: `${what} was not computed yet` };
    else if (isBehind === 'NOT_TOLD') {
      yield {
        status: 'warning',
        message: `whether ${what} is behind is not known: the gateway does not show the source`,
        remedy: 'Apply the registry if the source is new. Otherwise use the token of a principal that may read it.',
      };
    } else {
      yield {
        status: 'warning',
        message: `${what} is behind: its SQL, its columns or a file changed after its values were computed`,
        remedy: [`featuregraph refresh ${featurestore.name} ${entityType.name} ${name}`, options]
          .filter(Boolean)
          .join(' '),
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
    return filesState === null ? null : filesState !== (await readInputState(source));
  };
}

function isSame(told: ToldSource, { name, entityType }: FeatureSource): boolean {
  return (
    told.source === name && told.entityType === entityType.name && told.featurestore === entityType.featurestore.name
  );
}
