import type { BigQuery, Job } from '@google-cloud/bigquery';
import { hasStatus } from '../../google/bigquery/api-error.js';
import { openBigQueryClient, type BigQueryClientOptions } from '../../google/bigquery/client.js';
import { retryOnRateLimit } from '../../google/bigquery/rate-limits.js';
import type { BilledQueries, QueryBill } from '../billed-queries.js';
import type { QueryReference } from '../query-payer.js';
import { readBilledBytes, toBilledBytes, type JobStatistics } from './read-billed-bytes.js';
import { storeError } from './store-error.js';

/** Reads the statistics of jobs of BigQuery by their ids. Clients are opened on first use, one for each project. */
export class BigQueryBilledQueries implements BilledQueries {
  readonly #clients = new Map<string, Promise<BigQuery>>();

  constructor(
    private readonly options: { readonly client?: BigQueryClientOptions | undefined; readonly retryDelayMs: number },
  ) {}

  async find(query: QueryReference): Promise<QueryBill> {
    const job = await this.#job(query);
    try {
      const answer = await retryOnRateLimit(this.options.retryDelayMs, () => job.getMetadata());
      const found = answer[0] as JobStatistics;
      if (found.status?.state !== 'DONE') return { state: 'RUNNING' };
      return { state: 'ENDED', billedBytes: toBilledBytes(found) };
    } catch (error) {
      if (hasStatus(error, 404)) return { state: 'ABSENT' };
      throw storeError(error, null);
    }
  }

  async end(query: QueryReference): Promise<QueryBill> {
    const bill = await this.find(query);
    if (bill.state !== 'RUNNING') return bill;
    const job = await this.#job(query);
    // It only saves money.
    await retryOnRateLimit(this.options.retryDelayMs, () => job.cancel()).catch(() => undefined);
    return { state: 'ENDED', billedBytes: await readBilledBytes(job, this.options.retryDelayMs) };
  }

  async #job({ project, location, id }: QueryReference): Promise<Job> {
    let client = this.#clients.get(project);
    if (!client) this.#clients.set(project, (client = openBigQueryClient({ project }, this.options.client)));
    return (await client).job(id, { location });
  }
}
