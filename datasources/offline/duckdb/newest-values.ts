import {
  DuckDBStructValue,
  TIMESTAMP,
  timestampValue,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';
import type { OnlineWrite, ValueVersion } from '../../online/online-store.js';
import type { Feature, FeatureSource } from '../../registry/model.js';
import type { FutureRows, SourceState } from '../importing-offline-store.js';
import { newestFeatures, type NewestRead } from '../offline-store.js';
import { NEWEST_ARRIVAL_FIRST, newestValue } from '../point-in-time/duckdb/version.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { historyTable } from '../../duckdb/history-table.js';
import { fromDuckDb, instantFromDuckDb } from '../../duckdb/value-mapping.js';

const ENTITIES_PER_BATCH = 2048;

/**
 * The newest values of every entity with their versions. They use the same order of ties as a point-in-time read. In a
 * dense entity type that is one whole row; otherwise each feature has its own version, so an entity may give several
 * writes. `from`: only rows from this moment on, where the read has an `asOf`.
 */
export async function* newestValues(
  connection: DuckDBConnection,
  source: FeatureSource,
  read: NewestRead,
  from?: Instant,
): AsyncGenerator<OnlineWrite[]> {
  const { asOf } = read;
  const features = newestFeatures(source, read);
  const isBounded = asOf !== undefined && source.timestampColumn !== null;
  const since = from === undefined ? '' : ' AND h.event_timestamp >= $2';
  const known = isBounded ? `WHERE h.event_timestamp <= $1${since}` : '';
  const bounds = [asOf, from].flatMap((bound) => (bound === undefined ? [] : timestampValue(bound)));
  const sql = source.entityType.dense ? newestRows(source, known) : newestEach(source, features, known);
  const reader = isBounded
    ? await connection.stream(
        sql,
        bounds,
        bounds.map(() => TIMESTAMP),
      )
    : await connection.stream(sql);
  const columns = reader.columnNames();
  let batch: OnlineWrite[] = [];
  for await (const rows of reader.yieldRows()) {
    for (const row of rows) {
      const named = new Map(columns.map((column, index) => [column, row[index] ?? null]));
      batch.push(...(source.entityType.dense ? wholeRow(source, named) : eachValue(source, features, named)));
      if (batch.length >= ENTITIES_PER_BATCH) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/**
 * The newest time among the rows of a source, and among those up to a moment; null for a static source, and without rows.
 * DuckDB answers the first from its statistics; the second needs a look at the times only if there are future rows.
 */
export async function findNewestTimestamps(
  connection: DuckDBConnection,
  source: FeatureSource,
  asOf: Instant,
): Promise<Pick<SourceState, 'newestTimestamp' | 'newestKnownTimestamp'>> {
  if (source.timestampColumn === null) return { newestTimestamp: null, newestKnownTimestamp: null };
  const table = historyTable(source);
  const found = await connection.runAndReadAll(`SELECT max(event_timestamp) FROM ${table}`);
  const newestTimestamp = instantFromDuckDb(found.getRows()[0]?.[0]);
  if (newestTimestamp === null || newestTimestamp <= asOf) {
    return { newestTimestamp, newestKnownTimestamp: newestTimestamp };
  }
  const known = await connection.runAndReadAll(
    `SELECT max(event_timestamp) FROM ${table} WHERE event_timestamp <= $1`,
    [timestampValue(asOf)],
    [TIMESTAMP],
  );
  return { newestTimestamp, newestKnownTimestamp: instantFromDuckDb(known.getRows()[0]?.[0]) };
}

/** The rows whose time is after a moment: they are not known yet. */
export async function countFutureRows(
  connection: DuckDBConnection,
  source: FeatureSource,
  asOf: Instant,
): Promise<FutureRows> {
  if (source.timestampColumn === null) return { rows: 0, earliest: null };
  const counted = await connection.runAndReadAll(
    `SELECT count(*), min(event_timestamp) FROM ${historyTable(source)} WHERE event_timestamp > $1`,
    [timestampValue(asOf)],
    [TIMESTAMP],
  );
  const [[rows, earliest] = []] = counted.getRows();
  return { rows: Number(rows), earliest: instantFromDuckDb(earliest) };
}

/**
 * Finds the newest time of each entity first, then resolves ties only among the rows of that time: most rows are never
 * sorted.
 */
function newestRows(source: FeatureSource, known: string): string {
  const table = historyTable(source);
  const ofNewestTime =
    source.timestampColumn === null
      ? `${table} AS h`
      : `${table} AS h SEMI JOIN (SELECT entity_id, max(event_timestamp) AS event_timestamp FROM ${table} AS h ${known} GROUP BY entity_id)
  USING (entity_id, event_timestamp)`;
  return `SELECT h.* FROM ${ofNewestTime}
QUALIFY row_number() OVER (
  PARTITION BY h.entity_id ORDER BY ${NEWEST_ARRIVAL_FIRST}) = 1`;
}

function newestEach(source: FeatureSource, features: readonly Feature[], known: string): string {
  const isTimed = source.timestampColumn !== null;
  const values = features.map(
    (feature) => `${newestValue(feature, { timed: isTimed })} AS ${quoteIdentifier(feature.name)}`,
  );
  const newest = isTimed ? 'max(h.event_timestamp)' : 'NULL::TIMESTAMP';
  return `SELECT ${['h.entity_id', `${newest} AS event_timestamp`, ...values].join(', ')}
FROM ${historyTable(source)} AS h ${known} GROUP BY h.entity_id`;
}

function wholeRow(source: FeatureSource, row: ReadonlyMap<string, DuckDBValue>): OnlineWrite[] {
  const version: ValueVersion = {
    timestamp: instantFromDuckDb(row.get('event_timestamp')),
    createdTimestamp: instantFromDuckDb(row.get('created_timestamp')),
    sequence: (row.get('sequence') ?? null) as bigint | null,
  };
  const values = source.features.map((feature): [string, RawValue | null] => [
    feature.name,
    fromDuckDb(feature.valueType, row.get(feature.name) ?? null),
  ]);
  return [{ entityId: String(row.get('entity_id')), source, version, values: new Map(values) }];
}

/**
 * One write per feature, and one without values for the source's newest row. That one distinguishes NULL from NOT_FOUND
 * for all features of the source, so it is omitted when some features were not read.
 */
function eachValue(
  source: FeatureSource,
  features: readonly Feature[],
  row: ReadonlyMap<string, DuckDBValue>,
): OnlineWrite[] {
  const entityId = String(row.get('entity_id'));
  const isPartial = features.length < source.features.length;
  const newestRow: OnlineWrite = {
    entityId,
    source,
    version: { timestamp: instantFromDuckDb(row.get('event_timestamp')), createdTimestamp: null, sequence: null },
    values: new Map(),
  };
  const writes = features.flatMap((feature): OnlineWrite[] => {
    const newest = row.get(feature.name);
    if (!(newest instanceof DuckDBStructValue)) return [];
    const { t, c, s, v } = newest.entries;
    return [
      {
        entityId,
        source,
        version: {
          timestamp: instantFromDuckDb(t),
          createdTimestamp: finite(instantFromDuckDb(c)),
          sequence: known(s),
        },
        values: new Map([[feature.name, fromDuckDb(feature.valueType, v ?? null)]]),
        isPartial,
      },
    ];
  });
  return isPartial ? writes : [newestRow, ...writes];
}

/** Converts the placeholders for unknown times in the order of ties back to null. */
const NEGATIVE_INFINITY_MICROS = -9223372036854775807n;
const LEAST_SEQUENCE = -9223372036854775808n;

function finite(instant: bigint | null): bigint | null {
  return instant === NEGATIVE_INFINITY_MICROS ? null : instant;
}

function known(sequence: DuckDBValue | undefined): bigint | null {
  return sequence === LEAST_SEQUENCE || sequence === undefined ? null : (sequence as bigint);
}
