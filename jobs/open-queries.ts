import type { OpenJobQuery } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** The record of a job that is about to start a query. */
export function withOpenQuery(job: JobRecord, query: OpenJobQuery): JobRecord {
  const { cost } = job;
  return { ...job, cost: cost && { ...cost, openQueries: [...(cost.openQueries ?? []), query] } };
}

/** The record of a job with the bill of a query. A query that the record does not have open was counted before. */
export function withBilledQuery(job: JobRecord, { id }: OpenJobQuery, bytes: bigint): JobRecord {
  const { cost } = job;
  if (!cost?.openQueries?.some((query) => query.id === id)) return job;
  const { openQueries, billedBytes = 0n, ...rest } = cost;
  const left = openQueries.filter((query) => query.id !== id);
  return {
    ...job,
    cost: { ...rest, billedBytes: billedBytes + bytes, ...(left.length === 0 ? {} : { openQueries: left }) },
  };
}
