import type { Table } from '@google-cloud/bigtable';
import type { RawValue } from '../../../values/value-type.js';
import { listSlots } from '../merge-rule.js';
import { compareVersions, type OnlineWrite, type ValueVersion } from '../online-store.js';
import { cellMillis, encodeCell, endOfVersion, NO_VERSION } from './cell-codec.js';
import { idempotentOptions } from '../../google/bigtable/client.js';

/** A sequence of filters; the client types a filter as `any`. */
export type FilterChain = readonly object[];

/** The target of writes, and how long one call may take with all attempts. */
export interface WriteTarget {
  readonly table: Table;
  readonly family: string;
  readonly deadlineMs: number;
}

/** A value to write into a column. */
export interface CellWrite {
  readonly qualifier: string;
  readonly millis: number;
  readonly version: ValueVersion;
  readonly value: RawValue | null;
}

/** This keeps a request far below the limit of a row mutation, and its filter below 20 kB. */
const MAX_CELLS_PER_CALL = 200;
const AFTER_ANY_BYTE = 0xff;

/**
 * The column of a slot. It has a prefix, because the client uses column names as keys of a plain object. A feature
 * called `constructor` or `__proto__` would collide with a property of JavaScript objects.
 */
export function toQualifier(slot: string): string {
  return `=${slot}`;
}

/** The cells that remain of the writes of one entity: one cell per column and millisecond, with the newest version. */
export function toCells(writes: readonly OnlineWrite[]): CellWrite[] {
  const cells = new Map<string, CellWrite>();
  for (const write of writes) {
    const { version } = write;
    const millis = cellMillis(version.timestamp);
    for (const [slot, value] of listSlots(write)) {
      const key = `${millis} ${slot}`;
      const other = cells.get(key);
      if (other && compareVersions(version, other.version) < 0) continue;
      cells.set(key, { qualifier: toQualifier(slot), millis, version, value });
    }
  }
  return [...cells.values()];
}

/**
 * Writes cells into a row so that the newest version of each remains, whatever other writers do at the same time.
 *
 * Cells of different milliseconds do not conflict: both stay, and a read takes the newest. Within one millisecond, an
 * unconditional write could replace a newer version by an older one. So the server decides in the same step
 * (CheckAndMutateRow): if the row has no newer cell in those milliseconds, it sets all cells. If it has a newer cell in
 * any column, a further call decides for each cell by its own column. Setting a cell twice changes nothing, so a call
 * whose response was lost can be repeated safely.
 */
export async function writeCells(
  { table, family, deadlineMs }: WriteTarget,
  key: string,
  cells: readonly CellWrite[],
): Promise<void> {
  for (let start = 0; start < cells.length; start += MAX_CELLS_PER_CALL) {
    const some = cells.slice(start, start + MAX_CELLS_PER_CALL);
    if (await setUnless(newerInAnyColumnFilter(family, some), some)) continue;
    await Promise.all(some.map((cell) => setUnless(newerInColumnFilter(family, cell), [cell])));
  }

  async function setUnless(newer: FilterChain, set: readonly CellWrite[]): Promise<boolean> {
    const [isThereNewer] = await table.row(key).filter(newer, {
      onNoMatch: set.map((cell) => setCellMutation(family, cell)),
      gaxOptions: idempotentOptions(deadlineMs),
    });
    return !isThereNewer;
  }
}

/**
 * Deletes a row, also by a conditional call; every row meets the condition. MutateRows would delete many rows at once,
 * but its client waits two seconds before a retry, whatever the deadline.
 */
export async function deleteRow({ table, deadlineMs }: Omit<WriteTarget, 'family'>, key: string): Promise<void> {
  await table.row(key).filter([{ all: true }], {
    onMatch: [{ method: 'delete' }],
    gaxOptions: idempotentOptions(deadlineMs),
  });
}

/** The change that sets a cell. */
export function setCellMutation(family: string, { qualifier, millis, version, value }: CellWrite): object {
  // Passes a Date for 0 too: the client takes the number 0 for a missing time and stamps the cell with the current
  // time.
  const cell = { value: encodeCell(version, value), timestamp: new Date(millis) };
  return { method: 'insert', data: { [family]: { [qualifier]: cell } } };
}

/** The change that deletes all cells from the columns of some slots. */
export function deleteColumnsMutation(family: string, slots: readonly string[]): object {
  return { method: 'delete', data: slots.map((slot) => `${family}:${toQualifier(slot)}`) };
}

function newerInColumnFilter(family: string, cell: CellWrite): FilterChain {
  return [...columnFilter(family, cell.qualifier), ...newerThanFilter(cell.millis, cell.version)];
}

/**
 * The filter names no column, so it stays small. At worst it matches a cell that does not conflict, which costs some
 * extra calls.
 */
function newerInAnyColumnFilter(family: string, cells: readonly CellWrite[]): FilterChain {
  const oldest = new Map<number, ValueVersion>();
  for (const { millis, version } of cells) {
    const other = oldest.get(millis);
    if (!other || compareVersions(version, other) < 0) oldest.set(millis, version);
  }
  const rivals = [...oldest].map(([millis, version]) => [
    { family: toExactFilterValue(family) },
    ...newerThanFilter(millis, version),
  ]);
  // The server rejects an interleave with one filter.
  return rivals.length === 1 ? rivals[0]! : [{ interleave: rivals }];
}

/** Filters that match one column. */
export function columnFilter(family: string, qualifier: string): FilterChain {
  return [{ family: toExactFilterValue(family) }, { column: { name: toExactFilterValue(qualifier) } }];
}

/** Filters that match the cells of a millisecond that have a newer version. */
export function newerThanFilter(millis: number, version: ValueVersion): FilterChain {
  return [
    { time: { start: new Date(millis), end: new Date(millis + 1) } },
    { value: { start: { value: endOfVersion(version), inclusive: false } } },
  ];
}

/** Filters that match the cells with exactly this value and without a version. */
export function valueFilter(value: RawValue): FilterChain {
  const bound = { value: encodeCell(NO_VERSION, value), inclusive: true };
  return [{ value: { start: bound, end: bound } }];
}

/** Filters that match the cells whose text begins with this and that have no version. */
export function valuePrefixFilter(prefix: string): FilterChain {
  // No UTF-8 text has a byte 0xff, so this is greater than every text with the prefix.
  const start = encodeCell(NO_VERSION, prefix);
  const end = Buffer.concat([start, Buffer.of(AFTER_ANY_BYTE)]);
  return [{ value: { start: { value: start, inclusive: true }, end: { value: end, inclusive: false } } }];
}

/** A filter's string is a regular expression; the client escapes the text of a Buffer. */
function toExactFilterValue(text: string): Buffer {
  return Buffer.from(text);
}
