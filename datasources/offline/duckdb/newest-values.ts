import {
  DuckDBListValue,
  DuckDBStructValue,
  TIMESTAMP,
  timestampValue,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api';
import { KeyedList, ListKeys } from '../../../runtime/keyed-list.js';
import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';
import { compareVersions, type OnlineWrite, type ValueVersion } from '../../online/online-store.js';
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
  const places = new Map(reader.columnNames().map((column, index) => [column, index]));
  const toWrites = source.entityType.dense ? wholeRows(source, places) : valuesOfRows(source, features, places);
  let batch: OnlineWrite[] = [];
  for await (const rows of reader.yieldRows()) {
    for (const row of rows) {
      batch.push(...toWrites(row));
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

type ToWrites = (row: readonly DuckDBValue[]) => OnlineWrite[];

/** By the name of the column, its place in a row. */
type Places = ReadonlyMap<string, number>;

function wholeRows(source: FeatureSource, places: Places): ToWrites {
  const placeOf = (column: string): number => places.get(column) ?? -1;
  const id = placeOf('entity_id');
  const [event, created, sequence] = [
    placeOf('event_timestamp'),
    placeOf('created_timestamp'),
    placeOf('sequence'),
  ] as const;
  const features = source.features.map(({ name, valueType }) => ({ valueType, place: placeOf(name) }));
  const keys = new ListKeys(source.features.map(({ name }) => name));
  return (row) => [
    {
      entityId: String(row[id]),
      source,
      version: {
        timestamp: instantFromDuckDb(row[event]),
        createdTimestamp: instantFromDuckDb(row[created]),
        sequence: (row[sequence] ?? null) as bigint | null,
      },
      values: new KeyedList(
        keys,
        features.map(({ valueType, place }) => fromDuckDb(valueType, row[place] ?? null)),
      ),
    },
  ];
}

/**
 * A write for the features that follow each other with one version, and one without values for the source's newest row.
 * That one distinguishes NULL from NOT_FOUND for all features of the source, so it is omitted when some features were not
 * read.
 */
function valuesOfRows(source: FeatureSource, features: readonly Feature[], places: Places): ToWrites {
  const isPartial = features.length < source.features.length;
  const placed = features.map((feature) => ({ feature, place: places.get(feature.name) ?? -1 }));
  const [id, event] = [places.get('entity_id') ?? -1, places.get('event_timestamp') ?? -1];
  return (row) => {
    const entityId = String(row[id]);
    const writes: OnlineWrite[] = [];
    if (!isPartial) {
      const version = { timestamp: instantFromDuckDb(row[event]), createdTimestamp: null, sequence: null };
      writes.push({ entityId, source, version, values: new Map() });
    }
    let version: ValueVersion | undefined;
    let values = new Map<string, RawValue | null>();
    for (const { feature, place } of placed) {
      const newest = row[place];
      if (!(newest instanceof DuckDBStructValue)) continue;
      const { t, c, s } = newest.entries;
      const ofValue = {
        timestamp: instantFromDuckDb(t),
        createdTimestamp: finite(instantFromDuckDb(c)),
        sequence: known(s),
      };
      if (!version || compareVersions(version, ofValue) !== 0) {
        version = ofValue;
        values = new Map();
        writes.push({ entityId, source, version, values, isPartial });
      }
      values.set(feature.name, carriedValue(feature, newest));
    }
    return writes;
  };
}

/** As the SQL of point-in-time/duckdb/version.ts: `z` says which zeros of the value are minus zero. */
function carriedValue({ valueType }: Feature, { entries: { v, z } }: DuckDBStructValue): RawValue | null {
  const value = fromDuckDb(valueType, v ?? null);
  if (z === true) return -0;
  if (!(z instanceof DuckDBListValue)) return value;
  return (value as readonly number[]).map((item, index) => (z.items[index] === true ? -0 : item));
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
