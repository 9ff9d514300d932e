import type { Table } from '@google-cloud/bigtable';
import type { RawValue } from '../../../values/value-type.js';
import { listSlots } from '../merge-rule.js';
import { compareVersions, type OnlineWrite, type ValueVersion } from '../online-store.js';
import { cellMillis, encodeCell, endOfVersion, NO_VERSION } from './cell-codec.js';
import { idempotentOptions } from './client.js';

/** Filters one after the other; the client's own type for one is `any`. */
export type FilterChain = readonly object[];

/** Where writes go, and how long one call may take, attempts included. */
export interface WriteTarget {
  readonly table: Table;
  readonly family: string;
  readonly deadlineMs: number;
}

/** A value on its way into a column. */
export interface CellWrite {
  readonly qualifier: string;
  readonly millis: number;
  readonly version: ValueVersion;
  readonly value: RawValue | null;
}

/** A request stays far below what a row mutation may weigh, and its filter below 20 kB. */
const MAX_CELLS_PER_CALL = 200;

/**
 * The column of a slot. Not the bare name: the client puts columns into a plain object, where a feature called
 * `constructor` or `__proto__` would meet what JavaScript keeps under that name.
 */
export function toQualifier(slot: string): string {
  return `=${slot}`;
}

/** What the writes of one entity leave of themselves: one cell a column and millisecond, the newest version of each. */
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
 * Writes cells into a row such that the newest version of each stays, whoever else is writing.
 *
 * Cells of different milliseconds are no rivals: each keeps its place, and a read takes the newest. Only in one and the
 * same millisecond would a blind write put an older version over a newer one. So the write is conditional, decided by the
 * server in the same step (CheckAndMutateRow): if the row has no newer cell in those milliseconds, all cells are set. If
 * it has one, in whatever column, each cell asks again for its own column alone. Setting a cell again changes nothing, so
 * a call whose answer was lost is repeated without harm.
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
 * Deletes a row, also by a condition, which any row meets. MutateRows would take many rows at once; but before it tries a
 * second time its client waits for two seconds, whatever the deadline.
 */
export async function deleteRow({ table, deadlineMs }: Omit<WriteTarget, 'family'>, key: string): Promise<void> {
  await table.row(key).filter([{ all: true }], {
    onMatch: [{ method: 'delete' }],
    gaxOptions: idempotentOptions(deadlineMs),
  });
}

/** The change that sets a cell. */
export function setCellMutation(family: string, { qualifier, millis, version, value }: CellWrite): object {
  // A Date, also for 0: the client takes the number 0 for "no time given" and stamps the cell with now.
  const cell = { value: encodeCell(version, value), timestamp: new Date(millis) };
  return { method: 'insert', data: { [family]: { [qualifier]: cell } } };
}

/** The change that takes all cells out of the columns of some slots. */
export function deleteColumnsMutation(family: string, slots: readonly string[]): object {
  return { method: 'delete', data: slots.map((slot) => `${family}:${toQualifier(slot)}`) };
}

function newerInColumnFilter(family: string, cell: CellWrite): FilterChain {
  return [...columnFilter(family, cell.qualifier), ...newerThanFilter(cell.millis, cell.version)];
}

/** Asks no column by name, which keeps the filter small. At worst it finds a rival that is none, and costs some calls. */
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
  // The server refuses an interleave of one.
  return rivals.length === 1 ? rivals[0]! : [{ interleave: rivals }];
}

/** Filters that leave one column. */
export function columnFilter(family: string, qualifier: string): FilterChain {
  return [{ family: toExactFilterValue(family) }, { column: { name: toExactFilterValue(qualifier) } }];
}

/** Filters that leave the cells of a millisecond that have a newer version. */
export function newerThanFilter(millis: number, version: ValueVersion): FilterChain {
  return [
    { time: { start: new Date(millis), end: new Date(millis + 1) } },
    { value: { start: { value: endOfVersion(version), inclusive: false } } },
  ];
}

/** Filters that leave the cells of this very value without a version. */
export function valueFilter(value: RawValue): FilterChain {
  const bound = { value: encodeCell(NO_VERSION, value), inclusive: true };
  return [{ value: { start: bound, end: bound } }];
}

/** A filter's string is a regular expression; the client escapes the text of a Buffer. */
export function toExactFilterValue(text: string): Buffer {
  return Buffer.from(text);
}
