import { createHash } from 'node:crypto';
import type { Table } from '@google-cloud/bigquery';
import { AppError } from '../../../errors/app-error.js';
import { decodeEntityId } from '../../../values/entity-id.js';
import { formatInstant, type Instant } from '../../../values/instant.js';
import type { FeatureSource } from '../../registry/model.js';
import type { AppendOutcome, FeatureRow } from '../offline-store.js';
import type { BigQueryTable } from '../point-in-time/bigquery/table.js';
import { findRowFault } from '../find-row-fault.js';
import { loadRows, type Loading } from './load-rows.js';
import { retryOnRateLimit } from '../../google/bigquery/rate-limits.js';
import { resolveTableAddress } from './source-table.js';
import { tableAt } from '../../google/bigquery/tables.js';
import { storeError } from './store-error.js';
import { readErrorReasons } from '../../google/bigquery/api-error.js';
import { toInsertJson, toLoadJson } from './value-mapping.js';

/** Google advises 500 rows per request; BigQuery rejects a request over 10 MB. */
const ROWS_PER_REQUEST = 500;
const BYTES_PER_REQUEST = 5_000_000;

/** A load job changes at most this number of partitions; a partition is a day. */
const DAYS_PER_LOAD = 4000;
const DAY: Instant = 86_400_000_000n;

export interface Appending extends Loading {
  readonly source: FeatureSource;
  readonly table: BigQueryTable;
  /** The arrival number of the next row, greater than all earlier ones. */
  readonly nextArrival: () => bigint;
}

interface AcceptedRow {
  /** Its index among the rows to append. */
  readonly index: number;
  readonly time: Instant | null;
  readonly row: InsertRow;
}

interface InsertRow {
  readonly insertId: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Streams rows by insertAll. The guarantee is "at least once". After a lost response, the client repeats the request
 * with the same insertIds, by which BigQuery drops rows that it already has, on a best-effort basis and for about a
 * minute. Otherwise a row is stored twice, which changes nothing: to every read, equal rows of one moment are one
 * value.
 *
 * The insertId covers everything in the row, with its arrival number, and not only the entity and time. A value and its
 * correction have the same entity and time, and BigQuery would drop one of them.
 *
 * BigQuery does not stream rows into a partition older than 10 years or more than 1 year ahead. It returns such rows,
 * and a load job appends them, which takes seconds. BigQuery decides which rows they are, because it has changed this
 * limit.
 */
export async function appendRows(appending: Appending, rows: readonly FeatureRow[]): Promise<AppendOutcome> {
  const rejected: { row: number; reason: string }[] = [];
  const accepted: AcceptedRow[] = [];
  rows.forEach((row, index) => {
    const reason = findRowFault(appending.source, row);
    if (reason === undefined) accepted.push({ index, time: row.timestamp, row: insertRow(appending, row) });
    else rejected.push({ row: index, reason });
  });
  const outOfReach: AcceptedRow[] = [];
  for (const chunk of batchRequests(accepted)) {
    const faults = await insert(
      appending,
      chunk.map(({ row }) => row),
    );
    for (const { position, reason } of faults) {
      const refused = chunk[position]!;
      if (reason === OUT_OF_STREAMING_RANGE) outOfReach.push(refused);
      else rejected.push({ row: refused.index, reason });
    }
  }
  for (const chunk of batchLoads(outOfReach)) {
    const reason = await load(appending, chunk);
    if (reason !== undefined) rejected.push(...chunk.map(({ index }) => ({ row: index, reason })));
  }
  rejected.sort((a, b) => a.row - b.row);
  return { appended: rows.length - rejected.length, rejected };
}

function insertRow({ source, table, nextArrival }: Appending, row: FeatureRow): InsertRow {
  const parts = decodeEntityId(row.entityId!, source.entityType.entityIdColumns);
  const present = source.features.flatMap((feature) => {
    const value = row.values.get(feature.name) ?? null;
    return value === null ? [] : [{ feature, value }];
  });
  const emptyArrays = present
    .filter(({ value }) => Array.isArray(value) && value.length === 0)
    .map(({ feature }) => feature.name);
  const columns: (readonly [string | null, unknown])[] = [
    ...table.entityColumns.map(({ name }, part): [string, unknown] => [name, parts[part]]),
    [table.eventTime, instant(row.timestamp)],
    [table.createdTime, instant(row.createdTimestamp)],
    [table.sequence, row.sequence?.toString()],
    [table.arrival, nextArrival().toString()],
    [table.emptyArrays, emptyArrays.length > 0 ? emptyArrays : undefined],
    ...present.map(({ feature, value }): [string, unknown] => [feature.column, toInsertJson(feature.valueType, value)]),
  ];
  // An absent column is null; BigQuery rejects an explicit null for an array.
  const json: Record<string, unknown> = {};
  for (const [name, value] of columns) if (name !== null && value !== undefined) json[name] = value;
  return { insertId: createHash('sha256').update(JSON.stringify(json)).digest('base64url'), json };
}

function instant(time: Instant | null | undefined): string | undefined {
  return time === null || time === undefined ? undefined : formatInstant(time);
}

const OUT_OF_STREAMING_RANGE = Symbol('not to be streamed');

interface RowFault {
  readonly position: number;
  readonly reason: string | typeof OUT_OF_STREAMING_RANGE;
}

/** The error that the client throws when BigQuery rejected some rows. */
interface PartialFailure {
  readonly name: 'PartialFailureError';
  readonly response: {
    readonly insertErrors: readonly {
      readonly index: number;
      readonly errors: readonly { readonly message: string }[];
    }[];
  };
}

function toClientTable({ client, settings, source }: Appending): Table {
  return tableAt(client, resolveTableAddress(source, settings));
}

async function insert(appending: Appending, rows: readonly InsertRow[]): Promise<RowFault[]> {
  const { settings, retryDelayMs } = appending;
  try {
    const table = toClientTable(appending);
    // raw: without it, the client gives each row a random insertId. skipInvalidRows: without it, one bad row stops the
    // good ones.
    // partialRetries: a retry does not help a rejected row.
    const options = { raw: true, skipInvalidRows: true, partialRetries: 0 };
    await retryOnRateLimit(retryDelayMs, () => table.insert([...rows], options));
    return [];
  } catch (error) {
    if (!isPartialFailure(error)) throw storeError(error, settings.maximumBytesBilled);
    const faults = error.response.insertErrors.map(({ index, errors }) => ({
      position: index,
      message: errors[0]?.message ?? '',
    }));
    // The streaming service may not know a column that was added minutes ago: the rows are valid, and a later retry
    // succeeds.
    if (faults.some(({ message }) => message.startsWith('no such field'))) {
      throw new AppError(
        'STORE_UNAVAILABLE',
        'The offline store does not know all columns yet. Try again.',
        {},
        { cause: error },
      );
    }
    return faults.map(({ position, message }) => ({ position, reason: parseReason(message) }));
  }
}

/** BigQuery's own messages name the project and the table. */
const INVALID_ROW = 'BigQuery does not take its values for the columns of the table';

function parseReason(message: string): string | typeof OUT_OF_STREAMING_RANGE {
  return message.includes('outside the allowed bounds') ? OUT_OF_STREAMING_RANGE : INVALID_ROW;
}

/** Why no row was loaded; undefined when all were. */
async function load(appending: Appending, rows: readonly AcceptedRow[]): Promise<string | undefined> {
  const { source, settings } = appending;
  const lines = rows.map(({ row }) => loadJson(source, row.json));
  try {
    await loadRows(appending, { table: toClientTable(appending), what: 'values' }, lines);
    return undefined;
  } catch (error) {
    if (!readErrorReasons(error).includes('invalid')) throw storeError(error, settings.maximumBytesBilled);
    return `${INVALID_ROW}, or its partition`;
  }
}

function loadJson({ features }: FeatureSource, json: InsertRow['json']): InsertRow['json'] {
  const present = features.filter(({ column }) => column in json);
  return {
    ...json,
    ...Object.fromEntries(present.map(({ column, valueType }) => [column, toLoadJson(valueType, json[column])])),
  };
}

function isPartialFailure(error: unknown): error is PartialFailure {
  return error instanceof Error && error.name === 'PartialFailureError';
}

function* batchRequests(rows: readonly AcceptedRow[]): Generator<AcceptedRow[]> {
  let chunk: AcceptedRow[] = [];
  let bytes = 0;
  for (const item of rows) {
    const size = Buffer.byteLength(JSON.stringify(item.row));
    if (chunk.length === ROWS_PER_REQUEST || (chunk.length > 0 && bytes + size > BYTES_PER_REQUEST)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

/** Sorts by time, so that a load changes few partitions. */
function* batchLoads(rows: readonly AcceptedRow[]): Generator<AcceptedRow[]> {
  const inOrder = rows.toSorted((a, b) => Number((a.time ?? 0n) - (b.time ?? 0n)));
  let chunk: AcceptedRow[] = [];
  let days = new Set<bigint>();
  for (const row of inOrder) {
    days.add((row.time ?? 0n) / DAY);
    if (days.size > DAYS_PER_LOAD) {
      yield chunk;
      chunk = [];
      days = new Set([(row.time ?? 0n) / DAY]);
    }
    chunk.push(row);
  }
  if (chunk.length > 0) yield chunk;
}
