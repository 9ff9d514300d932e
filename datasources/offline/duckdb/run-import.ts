import type { DuckDBConnection } from '@duckdb/node-api';
import { inTransaction, type DuckDbDatabase } from '../../duckdb/database.js';
import { historyTable, isByFile, replaceHistoryTable } from '../../duckdb/history-table.js';
import { readIncrement, writeImportRecord } from '../../duckdb/import-record.js';
import type { FileReader } from '../../files/file-reader.js';
import type { FeatureSource } from '../../registry/model.js';
import type { ComputedViolation } from '../computed-violation.js';
import type { ImportedRows, IncrementalInputs, SourceInputs, FullRefreshReason } from '../importing-offline-store.js';
import { deleteFrom } from './delete-rows.js';
import { finishWhole, importSource, type WholeImport } from './import-source.js';
import { COMPUTED, computeByFile } from './incremental/compute-by-file.js';
import { computeLaterRows, readContents, type LaterRows } from './incremental/compute-later-rows.js';
import { findChanges, type FileChanges } from './incremental/find-changes.js';
import { parseState, type FileContent, type IncrementState } from './incremental/increment-state.js';
import { insertSorted, storeIncrement } from './incremental/store-increment.js';

export interface ImportRun {
  readonly database: DuckDbDatabase;
  readonly connection: DuckDBConnection;
  readonly source: FeatureSource;
  readonly inputs: SourceInputs;
  readonly reader: FileReader;
  readonly onProgress: (share: number) => void;
}

/** Commits within the lock of deletions, with the entities that were deleted since the import began. */
type End = (commit: (deletedIds: readonly string[]) => Promise<ImportedRows>) => Promise<ImportedRows>;

/** Computes only what changed of a source where its declaration allows it, otherwise the whole SQL. */
export async function runImport(run: ImportRun): Promise<ImportedRows> {
  const { database, source, inputs } = run;
  return database.imports.run(historyTable(source), async (end) => {
    if (!inputs.incremental) return importWhole(run, end, 'NOT_DECLARED');
    try {
      const stored = await readIncrement(run.connection, source);
      const state = parseState(stored.state);
      const changes = findChanges(state, inputs.incremental, { isByFile: isByFile(source) });
      if (typeof changes === 'string' || !state) return await importWhole(run, end, changes as FullRefreshReason);
      const computed = await computeChanges(run, state, changes);
      if (typeof computed === 'string') return await importWhole(run, end, computed);
      return await end((deletedIds) =>
        inTransaction(run.connection, async (connection) => {
          const increment = { ...changes, deletedIds, hadTies: stored.hasTies, unsortedRows: state.unsortedRows };
          const { unsortedRows, ...imported } = await storeIncrement(connection, source, increment);
          const next = await nextState(inputs.incremental!, computed, { state, unsortedRows });
          await writeImportRecord(connection, source, inputs, imported, next);
          return { ...imported, rowsRead: computed.rowsRead, fullRefreshReason: null };
        }),
      );
    } finally {
      // An interrupted query must not hide why the import ended. The next import replaces the table.
      await run.connection.run(`DROP TABLE IF EXISTS ${COMPUTED}`).catch(() => undefined);
    }
  });
}

type ComputedChanges = Pick<LaterRows, 'rowsRead'> & Partial<LaterRows>;

async function computeChanges(
  { connection, source, reader, onProgress }: ImportRun,
  state: IncrementState,
  changes: FileChanges,
): Promise<ComputedChanges | FullRefreshReason> {
  if (!isByFile(source)) return computeLaterRows(connection, source, reader, state, changes);
  return { rowsRead: await computeByFile(connection, source, reader, changes.computed, onProgress) };
}

async function importWhole(run: ImportRun, end: End, fullRefreshReason: FullRefreshReason): Promise<ImportedRows> {
  const { connection, source, inputs, reader, onProgress } = run;
  const { incremental } = inputs;
  const files = [...(incremental?.files.keys() ?? [])];
  let rowsRead: bigint | null = null;
  if (isByFile(source)) rowsRead = await computeByFile(connection, source, reader, files, onProgress);
  const ofFiles = incremental && !isByFile(source) ? await readContents(connection, source, reader, files) : null;
  await connection.run('BEGIN');
  try {
    let whole: WholeImport;
    if (rowsRead === null) whole = await importSource(connection, source, reader, onProgress);
    else {
      await replaceHistoryTable(connection, source);
      await insertSorted(connection, source, COMPUTED);
      whole = await finishWhole(connection, source, rowsRead);
    }
    return await end(async (deletedIds) => {
      const deleted = await deleteFrom(connection, historyTable(source), deletedIds);
      const violations = withoutEntities(whole.violations, deletedIds);
      const imported = { ...whole, violations, rows: whole.rows - BigInt(deleted) };
      const isKnown = incremental !== null && (isByFile(source) || ofFiles !== null);
      const next = isKnown ? await nextState(incremental, ofFiles ?? {}, { state: null, unsortedRows: 0 }) : null;
      await writeImportRecord(connection, source, inputs, imported, next);
      await connection.run('COMMIT');
      return { ...imported, fullRefreshReason, addedFrom: undefined };
    });
  } catch (error) {
    // A commit that failed has ended the transaction; its error says more than that of the rollback.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** An entity that was deleted during the import is not named. */
function withoutEntities(
  violations: readonly ComputedViolation[],
  deletedIds: readonly string[],
): readonly ComputedViolation[] {
  if (deletedIds.length === 0) return violations;
  const deleted = new Set(deletedIds);
  return violations.map((violation) => ({
    ...violation,
    examples: violation.examples.filter(({ entityId }) => !deleted.has(entityId)),
  }));
}

/** null: a file changed meanwhile, so it is not known which rows of it are stored. */
async function nextState(
  { base, files, areUnchanged }: IncrementalInputs,
  { contents, watermark }: { readonly contents?: ReadonlyMap<string, FileContent>; readonly watermark?: bigint },
  { state, unsortedRows }: { readonly state: IncrementState | null; readonly unsortedRows: number },
): Promise<string | null> {
  if (!(await areUnchanged())) return null;
  const before = new Map(state?.files.map(({ name, content }) => [name, content]));
  const next: IncrementState = {
    base,
    files: Array.from(files, ([name, fingerprint]) => ({
      name,
      fingerprint,
      content: contents?.get(name) ?? before.get(name) ?? null,
    })),
    watermark: watermark === undefined ? null : String(watermark),
    unsortedRows,
  };
  return JSON.stringify(next);
}
