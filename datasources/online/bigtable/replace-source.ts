import { hash } from 'node:crypto';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import { sourceSlot } from '../merge-rule.js';
import type { OnlineWrite } from '../online-store.js';
import { encodeCell, NO_VERSION } from './cell-codec.js';
import { MAX_CONCURRENT_CALLS, readOptions, idempotentOptions } from '../../google/bigtable/client.js';
import { exactColumnsOf, fillingSlot, planColumnRanges, type ColumnRanges } from './column-ranges.js';
import {
  toCells,
  columnFilter,
  deleteColumnsMutation,
  valuePrefixFilter,
  toQualifier,
  type CellWrite,
  type WriteTarget,
} from './conditional-write.js';
import { deleteColumnChange, deleteNewerChange, setCellChange, type RowChange } from './mutate-rows.js';
import { columnRangesFilter, readRows } from './read-rows.js';
import { rowPrefix, rowPrefixes } from './row-key.js';

/**
 * A scan of an entity type takes time in proportion to its rows, so it has no deadline. The connection detects a server
 * that is gone.
 */
const CLEANUP_DEADLINE_MS = 3_600_000;
const ROWS_PER_CLEANUP = 1000;
/** More scans at a time were not faster on the emulator. */
const CONCURRENT_SCANS = 2;

/**
 * The change that replaces the values of a source in a row, in one step: readers get the old values or the new ones. It
 * also writes the name of the fill, by which a sweep and a resumed fill recognize replaced rows, so this process need not
 * hold millions of ids in memory.
 *
 * In a column that gets a value, the change deletes only newer cells: no read needs the older ones, and garbage
 * collection removes them. A row that is not in the table yet needs no deletion.
 */
export function replaceRowChange(
  family: string,
  key: string,
  writes: readonly OnlineWrite[],
  { source, filling, isNew }: { readonly source: FeatureSource; readonly filling: string; readonly isNew: boolean },
): RowChange {
  const values = newestCells(writes);
  const cells = [...values, markCell(source, toMark(filling, values))];
  const set = cells.map((cell) => setCellChange(family, cell));
  if (isNew) return { key, mutations: set };
  const written = new Set(cells.map(({ qualifier }) => qualifier));
  const withoutValue = listSourceColumns(source).filter((slot) => !written.has(toQualifier(slot)));
  const newer = cells.map((cell) => deleteNewerChange(family, cell));
  return { key, mutations: [...set, ...newer, ...withoutValue.map((slot) => deleteColumnChange(family, slot))] };
}

/** The marks that fills left in rows, by key. */
export async function readMarks(
  target: WriteTarget,
  source: FeatureSource,
  keys: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  const slot = fillingSlot(source);
  const rows = await readRows({ ...target, keys, slots: [slot], until: null });
  return new Map(keys.map((key) => [key, rows.get(key)?.get(slot)?.value]));
}

/**
 * The mark of a row that a fill replaced by these writes. It has a digest of the values, since SQL may give others in
 * the process that resumes a fill.
 */
export function markOf(filling: string, writes: readonly OnlineWrite[]): string {
  return toMark(filling, newestCells(writes));
}

/** Whether the table has no row of an entity type. */
export async function isEmpty({ table, deadlineMs }: WriteTarget, entityType: EntityType): Promise<boolean> {
  const [rows] = await table.getRows({
    prefix: rowPrefix(entityType),
    limit: 1,
    decode: false,
    filter: [{ row: { cellLimit: 1 } }, { value: { strip: true } }],
    gaxOptions: readOptions(deadlineMs),
  });
  return rows.length === 0;
}

/**
 * Deletes a source's values from every row that the fill did not replace, because the new contents lack them.
 * `assertHeld` runs before each change and stops the sweep by throwing.
 */
export async function deleteStaleCells(
  { table, family, deadlineMs }: WriteTarget,
  entityType: EntityType,
  source: FeatureSource,
  filling: string,
  assertHeld: () => void,
): Promise<void> {
  const isReplaced = [...columnFilter(family, toQualifier(fillingSlot(source))), ...valuePrefixFilter(`${filling} `)];
  const empty = async (keys: readonly string[]): Promise<void> =>
    forEachConcurrent(keys, MAX_CONCURRENT_CALLS, async (key) => {
      assertHeld();
      await table.row(key).filter(isReplaced, {
        onNoMatch: [deleteColumnsMutation(family, listSourceColumns(source))],
        gaxOptions: idempotentOptions(deadlineMs),
      });
    });

  const sweep = async (prefix: string, ranges: ColumnRanges): Promise<void> => {
    // Reads one cell of each row without its value: the sweep needs only the keys.
    const anyOfIt = [columnRangesFilter(family, ranges), { row: { cellLimit: 1 } }, { value: { strip: true } }];
    const rows = table.createReadStream({
      prefix,
      decode: false,
      filter: [{ condition: { test: isReplaced, pass: [{ all: false }], fail: anyOfIt } }],
      gaxOptions: readOptions(CLEANUP_DEADLINE_MS, CLEANUP_DEADLINE_MS),
    });
    let keys: string[] = [];
    for await (const row of rows) {
      keys.push(Buffer.from((row as { readonly id: string }).id).toString());
      if (keys.length < ROWS_PER_CLEANUP) continue;
      await empty(keys);
      keys = [];
    }
    await empty(keys);
  };
  // A scan answers with stale rows only, so one that breaks off begins again: short ones end before their connection does.
  await forEachConcurrent(rowPrefixes(entityType), CONCURRENT_SCANS, async (prefix) => {
    for (const ranges of planColumnRanges(listSourceSlots(source), exactColumnsOf(entityType))) {
      assertHeld();
      await sweep(prefix, ranges);
    }
  });
}

function listSourceSlots(source: FeatureSource): string[] {
  return [sourceSlot(source), ...source.features.map(({ name }) => name)];
}

function listSourceColumns(source: FeatureSource): string[] {
  return [...listSourceSlots(source), fillingSlot(source)];
}

function newestCells(writes: readonly OnlineWrite[]): CellWrite[] {
  const newest = new Map<string, CellWrite>();
  for (const cell of toCells(writes)) {
    const other = newest.get(cell.qualifier);
    if (!other || cell.millis > other.millis) newest.set(cell.qualifier, cell);
  }
  return [...newest.values()];
}

function toMark(filling: string, cells: readonly CellWrite[]): string {
  const parts = cells.flatMap(({ qualifier, version, value }) => [Buffer.from(qualifier), encodeCell(version, value)]);
  const sized = parts.flatMap((part) => [Buffer.from(`${part.length} `), part]);
  return `${filling} ${hash('sha256', Buffer.concat(sized), 'base64')}`;
}

function markCell(source: FeatureSource, mark: string): CellWrite {
  return { qualifier: toQualifier(fillingSlot(source)), millis: 0, version: NO_VERSION, value: mark };
}
