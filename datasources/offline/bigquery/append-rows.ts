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

/** Google advises 500 rows a request; a request over 10 MB is refused. */
const ROWS_PER_REQUEST = 500;
const BYTES_PER_REQUEST = 5_000_000;

/** A load job changes at most so many partitions, which are days. */
const DAYS_PER_LOAD = 4000;
const DAY: Instant = 86_400_000_000n;

export interface Appending extends Loading {
  readonly source: FeatureSource;
  readonly table: BigQueryTable;
  /** The arrival number of the next row, greater than all before. */
  readonly nextArrival: () => bigint;
}

interface AcceptedRow {
  /** Its place among the rows to append. */
  readonly index: number;
  readonly time: Instant | null;
  readonly row: InsertRow;
}

interface InsertRow {
  readonly insertId: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Streams rows by insertAll. What is guaranteed is at least once: a request whose answer is lost is sent again by the client
 * with the same insertIds, which BigQuery uses to drop what it has, as well as it can and for about a minute. Where it does
 * not, a row is there twice, and nothing changes: equal rows of one moment are one value to every read.
 *
 * The insertId is made of all that is in the row, its arrival number too, and not of the entity and time alone: those are
 * equal for a value and its correction, and BigQuery would drop either.
 *
 * Into a partition of more than 10 years ago, or 1 year ahead, BigQuery lets nothing be streamed. Such rows, which it gives
 * back, are appended by a load job, which takes seconds. When and how far back is left to BigQuery to say: it has changed.
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
  // An absent column is null; a null said for an array would be an error.
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

/** What the client throws when some rows were refused. */
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
    // raw: or the client puts a random insertId on each row. skipInvalidRows: or one bad row stops the good ones.
    // partialRetries: a row that was refused once is refused again.
    const options = { raw: true, skipInvalidRows: true, partialRetries: 0 };
    await retryOnRateLimit(retryDelayMs, () => table.insert([...rows], options));
    return [];
  } catch (error) {
    if (!isPartialFailure(error)) throw storeError(error, settings.maximumBytesBilled);
    const faults = error.response.insertErrors.map(({ index, errors }) => ({
      position: index,
      message: errors[0]?.message ?? '',
    }));
    // A column added minutes ago may not be known to the streaming service yet: the rows are good, the time is not.
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

/** BigQuery's own words name the project and the table. */
const INVALID_ROW = 'BigQuery does not take its values for the columns of the table';

function parseReason(message: string): string | typeof OUT_OF_STREAMING_RANGE {
  return message.includes('outside the allowed bounds') ? OUT_OF_STREAMING_RANGE : INVALID_ROW;
}

/** Why rows were not loaded, none of them; undefined when they were. */
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

/** By time, so that a load changes few partitions. */
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
