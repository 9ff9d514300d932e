import type { Table } from '@google-cloud/bigtable';
import type { Instant } from '../../../values/instant.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import { cellMillis, decodeCell, type DecodedCell } from './cell-codec.js';
import { toExactFilterValue, toQualifier } from './conditional-write.js';
import { readOptions } from './client.js';

/** One request's keys are read one after the other by a node; more requests are read at once, by several. */
const KEYS_PER_REQUEST = 100;
/** The filter of a request may have 20 kB, and a name 64 bytes. */
export const SLOTS_PER_REQUEST = 200;

export interface RowsRead {
  readonly table: Table;
  readonly family: string;
  readonly keys: readonly string[];
  readonly slots: readonly string[];
  /** The newest cells that are not after this moment's millisecond; null for the newest of all. */
  readonly until: Instant | null;
  readonly deadlineMs: number;
}

export interface StoredCell extends DecodedCell {
  /** Whether its slot has no newer one, also after the moment that was asked for. */
  readonly isNewest: boolean;
}

/** One cell of each slot of each row, by key and slot; absent where there is none. */
export type RowsBySlot = ReadonlyMap<string, ReadonlyMap<string, StoredCell>>;

/**
 * Reads just the asked slots of just the asked rows. The answer comes in the order of keys and without the rows that are
 * not there, hence by key; the client sends a key twice that is asked twice, hence the set.
 */
export async function readRows(read: RowsRead): Promise<RowsBySlot> {
  const { family } = read;
  const rows = new Map<string, Map<string, StoredCell>>();
  const requests = toChunks([...new Set(read.keys)], KEYS_PER_REQUEST).flatMap((keys) =>
    toChunks([...new Set(read.slots)], SLOTS_PER_REQUEST).map(async (slots) => {
      const [found] = await read.table.getRows({
        // Never empty: no keys would be the whole table.
        keys,
        // Bytes as they are; without it they come as text.
        decode: false,
        filter: [
          { family: toExactFilterValue(family) },
          columnsFilter(slots),
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
 * The newest cell of all and the newest until a millisecond, which may be the same, and then comes twice. The time goes
 * before the limit: after it, the newest cell would be taken first and then dropped for being too new. Its end is exclusive,
 * and the client ignores one that is no Date.
 */
function newestAndUntil(millis: number): object[] {
  return [{ interleave: [NEWEST, [{ time: { end: new Date(millis + 1) } }, ...NEWEST]] }];
}

function isUntil({ timestamp }: ClientCell, until: Instant | null): boolean {
  return until === null || BigInt(timestamp) <= BigInt(cellMillis(until)) * 1000n;
}

/** A filter that leaves the columns of some slots. Slots are identifiers, but for the $ before a source's. */
export function columnsFilter(slots: readonly string[]): object {
  const names = slots.map((slot) => toQualifier(slot).replaceAll('$', '\\$'));
  return { column: { name: `^(?:${names.join('|')})$` } };
}
