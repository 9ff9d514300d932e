import { createHash } from 'node:crypto';
import type { BigQuery } from '@google-cloud/bigquery';
import { AppError } from '../../../errors/app-error.js';
import { decodeEntityId } from '../../../values/entity-id.js';
import { formatInstant, type Instant } from '../../../values/instant.js';
import type { BigQuerySettings, FeatureSource } from '../../registry/model.js';
import type { AppendOutcome, FeatureRow } from '../offline-store.js';
import type { BigQueryTable } from '../point-in-time/bigquery-table.js';
import { reasonToReject } from '../reason-to-reject.js';
import { withinRateLimits } from './rate-limits.js';
import { addressOf, tableAt } from './source-table.js';
import { storeError } from './store-error.js';
import { toInsertJson } from './value-mapping.js';

/** Google advises 500 rows a request; a request over 10 MB is refused. */
const ROWS_PER_REQUEST = 500;
const BYTES_PER_REQUEST = 5_000_000;

export interface Appending {
  readonly client: BigQuery;
  readonly settings: BigQuerySettings;
  readonly source: FeatureSource;
  readonly table: BigQueryTable;
  /** The arrival number of the next row, greater than all before. */
  readonly nextArrival: () => bigint;
  readonly retryDelayMs: number;
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
 */
export async function appendRows(appending: Appending, rows: readonly FeatureRow[]): Promise<AppendOutcome> {
  const rejected: { row: number; reason: string }[] = [];
  const accepted: { index: number; row: InsertRow }[] = [];
  rows.forEach((row, index) => {
    const reason = reasonToReject(appending.source, row);
    if (reason === undefined) accepted.push({ index, row: insertRow(appending, row) });
    else rejected.push({ row: index, reason });
  });
  for (const chunk of chunks(accepted)) {
    const faults = await insert(
      appending,
      chunk.map(({ row }) => row),
    );
    rejected.push(...faults.map(({ position, reason }) => ({ row: chunk[position]!.index, reason })));
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

interface RowFault {
  readonly position: number;
  readonly reason: string;
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

async function insert(
  { client, settings, source, retryDelayMs }: Appending,
  rows: readonly InsertRow[],
): Promise<RowFault[]> {
  try {
    const table = tableAt(client, addressOf(source, settings));
    // raw: or the client puts a random insertId on each row. skipInvalidRows: or one bad row stops the good ones.
    // partialRetries: a row that was refused once is refused again.
    const options = { raw: true, skipInvalidRows: true, partialRetries: 0 };
    await withinRateLimits(retryDelayMs, () => table.insert([...rows], options));
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
    return faults.map(({ position, message }) => ({ position, reason: reasonFrom(message) }));
  }
}

/** BigQuery's own words name the project and the table. */
function reasonFrom(message: string): string {
  return message.includes('outside the allowed bounds')
    ? 'its timestamp is outside of what BigQuery takes row by row: 10 years back to 1 year ahead; load it instead'
    : 'BigQuery does not take its values for the columns of the table';
}

function isPartialFailure(error: unknown): error is PartialFailure {
  return error instanceof Error && error.name === 'PartialFailureError';
}

function* chunks<Item extends { readonly row: InsertRow }>(items: readonly Item[]): Generator<Item[]> {
  let chunk: Item[] = [];
  let bytes = 0;
  for (const item of items) {
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
