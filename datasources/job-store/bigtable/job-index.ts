import type { VersionedRows } from '../../google/bigtable/versioned-rows.js';
import type { JobFilter } from '../job-store.js';
import type { JobRecord } from '../job-record.js';
import { ROWS } from './row-keys.js';

const ID = 'id';

/** The rows of a page; a filter may drop most of the jobs. */
const PAGE_ROWS = 200;

/**
 * The rows by which jobs are found. They are written before the row of the job, so that every job is found, and a reader
 * ignores a row whose job does not exist: its gateway ended in between, or another job had the key.
 */
export class JobIndex {
  constructor(private readonly rows: VersionedRows) {}

  async add({ id, target }: JobRecord): Promise<void> {
    await Promise.all(toKeys(id, target).map((key) => this.rows.put(key, { [ID]: id })));
  }

  /** For a job that will never exist. */
  async remove({ id, target }: JobRecord): Promise<void> {
    await Promise.all(toKeys(id, target).map((key) => this.rows.remove(key)));
  }

  /** A finished job never becomes unfinished again. */
  async finish(id: string): Promise<void> {
    await this.rows.remove(ROWS.toUnfinished(id));
  }

  /** The ids of jobs that may not have finished, oldest first. */
  async unfinished(): Promise<string[]> {
    return (await this.rows.scan({ prefix: ROWS.unfinished })).map(([key]) => key.slice(ROWS.unfinished.length));
  }

  /** The ids of jobs, newest first, page after page; of one target, if the filter names one. */
  async *pages({ target }: JobFilter, before: string | null): AsyncGenerator<string[]> {
    const prefix = target === undefined ? ROWS.time : ROWS.toTarget(target);
    const toKey = (id: string) => (target === undefined ? ROWS.toTime(id) : ROWS.toTargetJob(target, id));
    let after = before === null ? undefined : toKey(before);
    for (;;) {
      const range = { prefix, limit: PAGE_ROWS, ...(after === undefined ? {} : { after }) };
      const found = await this.rows.scan(range);
      if (found.length > 0) yield found.flatMap(([, columns]) => columns.get(ID) ?? []);
      if (found.length < PAGE_ROWS) return;
      after = found.at(-1)![0];
    }
  }
}

function toKeys(id: string, target: string | undefined): string[] {
  return [ROWS.toTime(id), ROWS.toUnfinished(id), ...(target === undefined ? [] : [ROWS.toTargetJob(target, id)])];
}
