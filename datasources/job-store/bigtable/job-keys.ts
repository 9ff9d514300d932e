import { fromExactJson, toExactJson } from '../../../values/exact-json.js';
import type { VersionedRows } from '../../google/bigtable/versioned-rows.js';
import type { JobRecord } from '../job-record.js';
import { ROWS } from './row-keys.js';

const RECORD = 'record';

/**
 * The rows of idempotency keys and external ids. A row has the whole record of the job that it started, as it was then:
 * the gateway may end between the row of the key and the row of the job, and the next request for the key stores that
 * same job. So a key is one job for ever.
 */
export class JobKeys {
  constructor(private readonly rows: VersionedRows) {}

  /** Takes a key for a job that is not stored yet; returns that job, or the earlier one, both as they were started. */
  async take(uniqueKey: string, record: JobRecord): Promise<JobRecord> {
    return this.rows.change(ROWS.toKey(uniqueKey), (columns) => {
      const earlier = columns.get(RECORD);
      return earlier === undefined
        ? { set: { [RECORD]: toExactJson(record) }, result: record }
        : { result: fromExactJson(earlier) as JobRecord };
    });
  }

  async find(uniqueKey: string): Promise<JobRecord | undefined> {
    const found = (await this.rows.read(ROWS.toKey(uniqueKey))).get(RECORD);
    return found === undefined ? undefined : (fromExactJson(found) as JobRecord);
  }
}
