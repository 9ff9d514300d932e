import { isDeepStrictEqual } from 'node:util';
import type { ExplainedRows, RowClass } from '../datasources/offline/explain-read.js';
import {
  decideValue,
  type DecidedRow,
  type DecisionTerms,
  type ValueDecision,
} from '../datasources/offline/point-in-time/decide-value.js';
import type { Feature } from '../datasources/registry/model.js';
import type { FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';
import type { RawValue } from '../values/value-type.js';

/** The read that gave a value. */
export interface ExplainedRead {
  /** The label's time: asOf, or the time of the request. */
  readonly time: Instant;
  readonly strictlyBefore: boolean;
  readonly knownAt: Instant | null;
  readonly includeExpired: boolean;
}

/**
 * How the answer of a read differs from the value that the rows of the offline store give. VALUES_DIFFER: another value or
 * status of the same time.
 */
export const DIFFERENCES = ['OFFLINE_IS_NEWER', 'ONLINE_IS_NEWER', 'VALUES_DIFFER'] as const;
export type Difference = (typeof DIFFERENCES)[number];

/** A row, and what became of it. */
export type ExplainedDecision = DecidedRow<RawValue>;

/** Why a value is what it is. */
export interface Explanation {
  readonly terms: DecisionTerms;
  readonly decision: ValueDecision<RawValue>;
  /** All rows of the entity in the source, by class. */
  readonly counts: Readonly<Record<RowClass, bigint>>;
  /** The last time at which the value is valid; null without a ttl or an event time. */
  readonly validUntil: Instant | null;
  /** null: the answer is what the rows give. */
  readonly difference: Difference | null;
}

/** The rows of the decision first, the newest first; then those that come too late. */
const SHOWN_ORDER = [
  'CANDIDATE',
  'WITHOUT_VALUE',
  'AFTER_AS_OF',
  'WRITTEN_AFTER_KNOWN_AT',
] as const satisfies RowClass[];

/** Explains the answer `served` of a read by the rows of the offline store. */
export function explainValue(
  feature: Feature,
  read: ExplainedRead,
  rows: ExplainedRows,
  served: FeatureCell,
): Explanation {
  const terms: DecisionTerms = {
    ...read,
    ttl: feature.ttl,
    isTimed: feature.source.timestampColumn !== null,
    skipsNulls: !feature.entityType.dense,
  };
  const shown = SHOWN_ORDER.flatMap((rowClass) => rows[rowClass].rows);
  const decision = decideValue(shown, terms);
  const { timestamp } = decision;
  return {
    terms,
    decision,
    counts: {
      CANDIDATE: rows.CANDIDATE.count,
      WITHOUT_VALUE: rows.WITHOUT_VALUE.count,
      AFTER_AS_OF: rows.AFTER_AS_OF.count,
      WRITTEN_AFTER_KNOWN_AT: rows.WRITTEN_AFTER_KNOWN_AT.count,
    },
    validUntil: timestamp === null || feature.ttl === null ? null : timestamp + feature.ttl,
    difference: findDifference(served, decision),
  };
}

function findDifference(served: FeatureCell, { status, value, timestamp }: ValueDecision<RawValue>): Difference | null {
  if (isDeepStrictEqual({ ...served }, { status, value, timestamp })) return null;
  if (served.timestamp === timestamp) return 'VALUES_DIFFER';
  if (served.timestamp === null) return 'OFFLINE_IS_NEWER';
  if (timestamp === null) return 'ONLINE_IS_NEWER';
  return timestamp > served.timestamp ? 'OFFLINE_IS_NEWER' : 'ONLINE_IS_NEWER';
}
