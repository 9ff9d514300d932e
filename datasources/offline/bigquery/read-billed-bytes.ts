import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '@google-cloud/bigquery';
import { hasStatus } from '../../google/bigquery/api-error.js';
import { retryOnRateLimit } from '../../google/bigquery/rate-limits.js';

/** A cancelled job takes some seconds to end; until then, its statistics are not final. */
const LOOKS = 5;
const FIRST_WAIT_MS = 500;

export interface JobStatistics {
  readonly status?: { readonly state?: string; readonly errorResult?: object };
  readonly statistics?: { readonly query?: { readonly totalBytesBilled?: string } };
}

/** What BigQuery billed for a query that has ended; null where it does not say. Never rejects. */
export async function readBilledBytes(job: Job, retryDelayMs: number): Promise<bigint | null> {
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      if (look > 0) await sleep(FIRST_WAIT_MS * 2 ** (look - 1));
      const answer = await retryOnRateLimit(retryDelayMs, () => job.getMetadata());
      const found = answer[0] as JobStatistics;
      if (found.status?.state !== 'DONE') continue;
      return toBilledBytes(found);
    }
  } catch (error) {
    // The job was refused, or never sent.
    if (hasStatus(error, 404)) return 0n;
  }
  return null;
}

/** What the statistics of a job that has ended say; null where they do not. */
export function toBilledBytes({ status, statistics }: JobStatistics): bigint | null {
  const billed = statistics?.query?.totalBytesBilled;
  if (billed !== undefined) return BigInt(billed);
  // A query that failed is not billed, and may have no statistics.
  return status?.errorResult ? 0n : null;
}
