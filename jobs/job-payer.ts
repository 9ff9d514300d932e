import type { AdmittedQuery, BilledQuery, QueryPayer } from '../datasources/offline/query-payer.js';
import type { JobCost, OpenJobQuery } from '../datasources/job-store/job-cost.js';
import { AppError } from '../errors/app-error.js';
import type { Accounting } from './accounting.js';

export interface JobPayerOptions {
  readonly accounting: Pick<Accounting, 'queryLimit'>;
  /** The cost of the work with what was billed so far; null: it costs nothing. */
  readonly cost: () => JobCost | null;
  /** Notes a query durably before it starts, so that its bill is found after a crash. A refusal stops the query. */
  readonly begin: (query: OpenJobQuery) => Promise<void>;
  /** Adds the bill of a query to what was billed so far. */
  readonly end: (query: OpenJobQuery, bytes: bigint) => Promise<void>;
  /** A query was refused because the work would cost more than it may. */
  readonly onExcess: (excess: string) => Promise<void>;
}

/**
 * Counts what the queries of one job are billed. A query that could bring the job above its limit is refused by the
 * warehouse, before it costs anything. A job runs one query for each source at a time, so little can be missed.
 */
export class JobPayer implements QueryPayer {
  readonly #unsettled = new Set<Promise<undefined>>();

  constructor(private readonly options: JobPayerOptions) {}

  async admit({ query, minimumBytes }: BilledQuery): Promise<AdmittedQuery> {
    const { accounting, cost: currentCost, begin, end, onExcess } = this.options;
    const cost = currentCost();
    const limit = cost && accounting.queryLimit(cost);
    const refuse = async (excess: string, cause?: unknown): Promise<AppError> => {
      await onExcess(excess);
      return new AppError('COST_OVER_LIMIT', excess, {}, cause === undefined ? undefined : { cause });
    };
    if (limit && limit.bytes < minimumBytes) throw await refuse(limit.excess);
    const open = { ...query, minimumBytes };
    await begin(open);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#unsettled.add(promise);
    return {
      maximumBytes: limit?.bytes ?? null,
      refusal: (cause) => refuse(limit?.excess ?? '', cause),
      settle: async (billedBytes) => {
        // Unknown is at least the minimum.
        await end(open, billedBytes ?? minimumBytes).catch(() => undefined);
        this.#unsettled.delete(promise);
        resolve(undefined);
      },
    };
  }

  /** Waits until the bills of all queries are known. */
  async settled(): Promise<void> {
    await Promise.all(this.#unsettled);
  }
}
