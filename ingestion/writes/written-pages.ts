import type { FeatureRow, OfflineStore, WrittenPeriod } from '../../datasources/offline/offline-store.js';
import type { QueryPayer } from '../../datasources/offline/query-payer.js';
import type { Feature, FeatureSource } from '../../datasources/registry/model.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { IncomingRow } from '../feature-writer.js';
import { RowRoom } from './write-watch.js';

export interface WrittenRead {
  readonly offline: Pick<OfflineStore, 'rows'>;
  /** Of sources that clients write. */
  readonly features: readonly Feature[];
  readonly entityIds: readonly string[];
  readonly after: Instant;
  readonly upTo: Instant | null;
  /** Absent: the operator pays for the read. */
  readonly payer?: QueryPayer | undefined;
}

/** A row with the time of its write. */
export interface WrittenRow extends IncomingRow {
  readonly created: Instant;
}

export interface WrittenPage {
  /** In the order of the writes. A write is whole. */
  readonly rows: readonly WrittenRow[];
  /** The page has all writes up to this creation time; null: there are no more. */
  readonly upTo: Instant | null;
}

/** The rows that clients wrote after a creation time, a page of whole writes. */
export async function readWrittenPage(read: WrittenRead): Promise<WrittenPage> {
  const bySource = Map.groupBy(read.features, ({ source }) => source);
  const parts = await Promise.all(Array.from(bySource, ([source, features]) => readSource(read, source, features)));
  const bounds = parts.flatMap(({ upTo }) => (upTo === null ? [] : [upTo]));
  const upTo = bounds.length === 0 ? null : bounds.reduce((least, bound) => (bound < least ? bound : least));
  const rows = parts
    .flatMap((part) => part.rows)
    .filter(({ created }) => upTo === null || created <= upTo)
    .sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
  return { rows, upTo };
}

async function readSource(
  { offline, entityIds, after, upTo, payer }: WrittenRead,
  source: FeatureSource,
  features: readonly Feature[],
): Promise<WrittenPage> {
  const limit = WRITE_LIMITS.maxRowsPerPage;
  const read = async (written: WrittenPeriod): Promise<WrittenRow[]> => {
    const found: WrittenRow[] = [];
    for await (const rows of offline.rows({ source, entityIds, features, to: null, written, payer })) {
      found.push(...rows.map((row) => toWritten(row, source, features)));
    }
    return found;
  };
  const rows = await read({ after, upTo, limit });
  if (rows.length < limit) return { rows, upTo: null };
  // The last write may be cut off.
  const last = rows.at(-1)!.created;
  if (rows[0]!.created < last) return { rows: rows.filter(({ created }) => created < last), upTo: last - 1n };
  return { rows: await read({ after: last - 1n, upTo: last, limit: null }), upTo: last };
}

function toWritten(
  { entityId, timestamp, createdTimestamp, values }: FeatureRow,
  { entityType }: FeatureSource,
  features: readonly Feature[],
): WrittenRow {
  const written = new Map<Feature, RawValue | null>();
  for (const feature of features) {
    const value = values.get(feature.name) ?? null;
    // The history does not tell an absent value from a null, which leave the last value alike.
    if (value !== null || entityType.dense) written.set(feature, value);
  }
  return { entityId: entityId!, timestamp, created: createdTimestamp!, values: written };
}

export interface EventRows {
  readonly rows: readonly WrittenRow[];
  /** The last write that a reader of this part and those before it has as a whole. */
  readonly upTo: Instant;
}

/** Divides a page into the rows of events. `before` is the last write before the page. */
export function divideIntoEvents({ rows, upTo }: WrittenPage, before: Instant): EventRows[] {
  const events: EventRows[] = [];
  let room = new RowRoom();
  let ofEvent: WrittenRow[] = [];
  let whole = before;
  for (const [index, row] of rows.entries()) {
    if (index > 0 && rows[index - 1]!.created < row.created) whole = rows[index - 1]!.created;
    if (!room.take(row)) {
      events.push({ rows: ofEvent, upTo: whole });
      [ofEvent, room] = [[], new RowRoom()];
      room.take(row);
    }
    ofEvent.push(row);
  }
  if (ofEvent.length > 0) events.push({ rows: ofEvent, upTo: upTo ?? ofEvent.at(-1)!.created });
  return events;
}
