import type { ExplainedRow } from '../datasources/offline/explain-read.js';
import type { Feature } from '../datasources/registry/model.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { Instant } from '../values/instant.js';

/**
 * What brought a value into the online store. WRITE: a client wrote it. REFRESH: the gateway computed it from the SQL of its
 * source. SYNC: a sync of a feature view copied it. UNKNOWN: none of those that the gateway knows.
 */
export const ONLINE_ORIGINS = ['WRITE', 'REFRESH', 'SYNC', 'UNKNOWN'] as const;
export type OnlineOriginKind = (typeof ONLINE_ORIGINS)[number];

export interface OnlineOrigin {
  readonly kind: OnlineOriginKind;
  /** When; null: not known. */
  readonly at: Instant | null;
  /** The job of the refresh or sync; null: not known, or there was none (a start computes without a job). */
  readonly job: JobRecord | null;
}

/** A sync that succeeded. */
export interface SucceededSync {
  readonly job: JobRecord;
  /** It copied all that was in the offline store at this time. */
  readonly dataWatermark: Instant;
}

/** What the gateway knows of how values come into the online store. Each is read only where it is needed. */
export interface OriginFacts {
  /** The time of the last import of the source, and its job if it was one. */
  readonly refresh: () => Promise<{ readonly at: Instant | null; readonly job: JobRecord | null }>;
  /** The newest syncs of the views with the feature. */
  readonly syncs: () => Promise<readonly SucceededSync[]>;
}

/** How the row that the online store has the value of came there. */
export async function findOnlineOrigin(
  feature: Feature,
  row: ExplainedRow,
  { refresh, syncs }: OriginFacts,
): Promise<OnlineOrigin> {
  const { source, entityType } = feature;
  if (source.sql !== null) return { kind: 'REFRESH', ...(await refresh()) };
  // In BigQuery, only the rows that the gateway wrote have a number of arrival: others can write the table too.
  const isWritten = entityType.featurestore.offlineStore.kind === 'DUCKDB' || row.arrival !== null;
  if (isWritten) return { kind: 'WRITE', at: row.createdTimestamp, job: null };
  const since = row.createdTimestamp ?? row.timestamp;
  const covering = (await syncs()).filter(({ dataWatermark }) => since === null || dataWatermark >= since);
  const first = covering.reduce<SucceededSync | undefined>(
    (earliest, sync) => (earliest && earliest.dataWatermark <= sync.dataWatermark ? earliest : sync),
    undefined,
  );
  return first ? { kind: 'SYNC', at: first.dataWatermark, job: first.job } : { kind: 'UNKNOWN', at: null, job: null };
}
