import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { ErrorCode } from '../errors/error-codes.js';
import type { Instant } from '../values/instant.js';
import type { RawValue } from '../values/value-type.js';
import type { ViolatedRow } from './expectations/find-violations.js';

/**
 * The write path: every transport (GraphQL, NDJSON over HTTP, streams, imports) turns its input into rows and gives
 * them to a FeatureWriter. Rows are acknowledged when they are durable in both stores, or in a log that the stores are
 * filled from before the next read.
 */
export interface FeatureWriter {
  /**
   * Writes rows of one entity type. A faulty row is in `faults` and does not hold up the others. A row that was written
   * before (same entity, features, event time and values) is a duplicate: it changes nothing. Rejects with
   * STORE_UNAVAILABLE when a store fails: then any row may or may not be written, and the caller repeats the request.
   * Waits when the writer is at its bound of unwritten rows, so a caller that awaits each call has back-pressure.
   */
  write(request: WriteRequest): Promise<WriteOutcome>;
}

export interface WriteRequest {
  readonly entityType: EntityType;
  readonly rows: readonly IncomingRow[];
  /** The name of the principal. Absent: a stream of the registry. Senders share the quarantine fairly. */
  readonly sender?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Values of one entity that became true together. They may belong to several sources of the entity type. */
export interface IncomingRow {
  /** The canonical entity id (values/entity-id.ts). */
  readonly entityId: string;
  /** The event time. null only for features of static sources. */
  readonly timestamp: Instant | null;
  /** By feature. null is a written null; a feature that is absent is not written. */
  readonly values: ReadonlyMap<Feature, RawValue | null>;
}

export interface WriteOutcome {
  /** The number of rows that are durable because of this call. */
  readonly written: number;
  /** The number of rows that were durable before it. */
  readonly duplicates: number;
  /** Which rows those are, by their numbers in the request: a client that streams rows gets a receipt for each. */
  readonly duplicateRows: readonly number[];
  readonly faults: readonly RowFault[];
  /** Rows that are not written, because the registry says so of their violations. They are in the quarantine. */
  readonly quarantined: readonly ViolatedRow[];
  /** Rows that are written or duplicates, and have values that are not as expected. */
  readonly warned: readonly ViolatedRow[];
}

export interface RowFault {
  /** The number of the row in the request, from 0. */
  readonly row: number;
  /** The invalid part of the row. null if the row as a whole is invalid. */
  readonly part:
    { readonly kind: 'ENTITY_ID' | 'TIMESTAMP' } | { readonly kind: 'VALUE'; readonly feature: string } | null;
  readonly code: ErrorCode;
  readonly message: string;
}
