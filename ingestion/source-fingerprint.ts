import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { findNamedFiles } from '../datasources/files/named-files.js';
import type { SourceInputs } from '../datasources/offline/importing-offline-store.js';
import { FileFault } from '../datasources/files/file-fault.js';
import type { FeatureSource, TableFile } from '../datasources/registry/model.js';
import { listReadTables } from '../datasources/registry/read-tables.js';

/**
 * Increase this number when the way that values are computed or stored changes, so that every data folder is prepared
 * again.
 */
const STORAGE_FORMAT = 4;

/** Files up to this size count by their content, so that a reinstalled package counts as unchanged. */
const MAX_HASHED_BYTES = 100 * 1024 * 1024;

/**
 * What a source is computed from. Of the files, only those of the tables that its SQL reads count. The state of the
 * files is read before their content: a file that changes in between makes the source behind.
 */
export async function readSourceInputs(source: FeatureSource): Promise<SourceInputs> {
  const { incremental } = source;
  const filesState = await readInputState(source);
  const tables = await Promise.all(
    listReadTables(source).map(async ([name, table]) => ({
      name,
      files: await tableFingerprint(table),
      facts: tableFacts(table),
    })),
  );
  const facts = sourceFacts(source);
  const hash = (without: string | null): string =>
    sha256(
      JSON.stringify({
        ...facts,
        files: tables.map(({ name, files, facts: of }) => [name, name === without ? [] : files, ...of]),
      }),
    );
  const declared = tables.find(({ name }) => name === incremental?.table);
  return {
    fingerprint: hash(null),
    filesState,
    incremental: incremental
      ? {
          base: hash(incremental.table),
          files: new Map(declared?.files),
          areUnchanged: async () => (await readInputState(source)) === filesState,
        }
      : null,
  };
}

/** What the registry says of the computation of a source. */
function sourceFacts(source: FeatureSource) {
  const { entityType, incremental } = source;
  const expectations = decidingExpectations(source);
  return {
    storageFormat: STORAGE_FORMAT,
    entityIdColumns: entityType.entityIdColumns,
    sql: source.sql,
    partitions: source.partitions,
    // Absent without a declaration: a source keeps the fingerprint that it had before there were declarations.
    ...(incremental ? { incremental: [incremental.table, incremental.watermarkColumn] } : {}),
    columns: [source.timestampColumn, source.createdTimestampColumn, source.sequenceColumn],
    features: source.features.map(({ name, valueType }) => [name, valueType]),
    ...(expectations.length > 0 ? { expectations } : {}),
  };
}

/**
 * What decides which computed rows are stored. Without it, a refresh after a change of an expectation would find nothing
 * to do. WARN and shares decide nothing.
 */
function decidingExpectations({ features, onRepeatedTime }: FeatureSource): unknown[] {
  const ofFeatures = features.flatMap(({ name, expectations }) =>
    expectations
      .filter(({ kind, onViolation }) => kind !== 'NULL_SHARE' && onViolation !== 'WARN')
      .map((expectation) => [name, Object.entries(expectation).map(([key, value]) => [key, toFact(value)])]),
  );
  return onRepeatedTime === 'REJECT' ? [...ofFeatures, 'REPEATED_TIME'] : ofFeatures;
}

/** A bigint has no form in JSON. */
function toFact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toFact);
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value;
}

/** What the registry says of how a table is read. */
function tableFacts({ format, options }: TableFile): unknown[] {
  return [format, Object.entries(options).filter(([option]) => option !== 'columns'), [...(options.columns ?? [])]];
}

/** Changes when any input of a source's computation changes. */
export async function sourceFingerprint(source: FeatureSource): Promise<string> {
  return (await readSourceInputs(source)).fingerprint;
}

/**
 * What the registry says of a source, with the names, sizes and times of all files that the SQL reads, as one text. It
 * changes with the SQL and the columns, and when a file is added, written, renamed or deleted; no file is opened.
 */
export async function readInputState(source: FeatureSource): Promise<string> {
  const states: unknown[] = [sourceFacts(source)];
  for (const [table, read] of listReadTables(source)) {
    const { path, name, format } = read;
    states.push([table, ...tableFacts(read)]);
    const found = await findNamedFiles(path, name, { format, within: null }).catch(toNoFiles);
    for (const file of found?.files ?? []) {
      const state = await stat(file.path, { bigint: true }).catch(() => null);
      states.push([table, file.name, String(state?.size), String(state?.mtimeNs)]);
    }
  }
  return sha256(JSON.stringify(states));
}

/** A folder that lost its last file is no fault of a look at the files: the next computation reports it. */
export function toNoFiles(error: unknown): undefined {
  if (error instanceof FileFault) return undefined;
  throw error;
}

/** Covers every file of the table, so that an added or removed file changes it too. */
async function tableFingerprint({ path, name, format }: TableFile): Promise<(readonly [string, string])[]> {
  const found = await findNamedFiles(path, name, { format, within: null });
  const fingerprints: (readonly [string, string])[] = [];
  for (const file of found?.files ?? []) fingerprints.push([file.name, await fileFingerprint(file.path)]);
  return fingerprints;
}

async function fileFingerprint(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  if (size > MAX_HASHED_BYTES) return `${size} ${mtimeMs}`;
  return sha256(await readFile(path));
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
