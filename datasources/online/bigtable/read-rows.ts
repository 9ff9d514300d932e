import type { Table } from '@google-cloud/bigtable';
import type { Instant } from '../../../values/instant.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import { cellMillis, decodeCell, type DecodedCell } from './cell-codec.js';
import { planColumnRanges, type ColumnRanges, type TableColumns } from './column-ranges.js';
import { toQualifier } from './conditional-write.js';
import { readOptions } from '../../google/bigtable/client.js';

/** One node reads the keys of one request sequentially; several nodes read several requests in parallel. */
const KEYS_PER_REQUEST = 100;
export interface RowsRead {
  readonly table: Table;
  readonly family: string;
  readonly keys: readonly string[];
  readonly slots: readonly string[];
  /** All columns of these rows. Absent: only the requested slots. */
  readonly columns?: TableColumns;
  /** Reads the newest cells that are not after the millisecond of this moment; null reads the newest of all. */
  readonly until: Instant | null;
  readonly deadlineMs: number;
}

export interface StoredCell extends DecodedCell {
  /** Whether its slot has no newer cell, also after the requested moment. */
  readonly isNewest: boolean;
}

/** One cell per slot of each row, by key and slot; absent where there is none. */
export type RowsBySlot = ReadonlyMap<string, ReadonlyMap<string, StoredCell>>;

/**
 * Reads only the requested slots of the requested rows. The result is a map by key, because the response has the order
 * of the keys and omits missing rows. The keys are a set, because the client sends a repeated key twice.
 */
export async function readRows(read: RowsRead): Promise<RowsBySlot> {
  const { family } = read;
  const rows = new Map<string, Map<string, StoredCell>>();
  const slots = [...new Set(read.slots)];
  const ranges = planColumnRanges(slots, read.columns ?? { slots: [], large: new Set() });
  const requests = toChunks([...new Set(read.keys)], KEYS_PER_REQUEST).flatMap((keys) =>
    ranges.map(async (some) => {
      const [found] = await read.table.getRows({
        // The keys are never empty: an empty list would read the whole table.
        keys,
        // Returns raw bytes; without this option the client returns text.
        decode: false,
        filter: [
          columnRangesFilter(family, some),
          ...(read.until === null ? NEWEST : newestAndUntil(cellMillis(read.until))),
        ],
        gaxOptions: readOptions(read.deadlineMs),
      });
      for (const row of found) {
        const key = Buffer.from(row.id).toString();
        const cells = rows.get(key) ?? new Map<string, StoredCell>();
        rows.set(key, cells);
        const columns = (row.data as Record<string, Record<string, readonly ClientCell[]>>)[family] ?? {};
        for (const slot of slots) {
          const found = columns[toQualifier(slot)] ?? [];
          const cell = found.find((candidate) => isUntil(candidate, read.until));
          if (cell) cells.set(slot, { ...decodeCell(cell.value), isNewest: cell.timestamp === found[0]?.timestamp });
        }
      }
    }),
  );
  await Promise.all(requests);
  return rows;
}

interface ClientCell {
  readonly value: Buffer;
  /** Microseconds, as text. */
  readonly timestamp: string;
}

const NEWEST = [{ column: { cellLimit: 1 } }];

/**
 * Reads the newest cell of all and the newest cell up to a millisecond. They may be the same cell, which then comes
 * twice. The time filter must precede the limit: after it, the limit would select the newest cell and the time filter
 * would drop it. The end of the time range is exclusive, and the client ignores an end that is not a Date.
 */
function newestAndUntil(millis: number): object[] {
  return [{ interleave: [NEWEST, [{ time: { end: new Date(millis + 1) } }, ...NEWEST]] }];
}

function isUntil({ timestamp }: ClientCell, until: Instant | null): boolean {
  return until === null || BigInt(timestamp) <= BigInt(cellMillis(until)) * 1000n;
}

/** A filter that matches the columns of some ranges. */
export function columnRangesFilter(family: string, ranges: ColumnRanges): object {
  const filters = ranges.map(({ first, last }) => {
    const [start, end] = [first, last].map((slot) => ({ value: toQualifier(slot), inclusive: true }));
    return { column: { family, start, end } };
  });
  // The server rejects an interleave with one filter.
  return filters.length === 1 ? filters[0]! : { interleave: filters.map((filter) => [filter]) };
}
