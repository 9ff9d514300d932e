import { fromExactJson, toExactJson } from '../../../values/exact-json.js';
import type { Columns, RowChange, VersionedRows } from '../../google/bigtable/versioned-rows.js';
import type { JobRecord } from '../job-record.js';
import { ROWS } from './row-keys.js';

/** A job as its row has it. */
export interface JobRow {
  readonly record: JobRecord;
  /** The gateway that has claimed it last; null: none has, or it gave the job back. */
  readonly owner: string | null;
  /** The number of claims so far. */
  readonly token: number;
}

/** What changes in a row; absent: nothing. */
export interface JobRowChange<Result> {
  readonly record?: JobRecord;
  readonly owner?: string | null;
  readonly token?: number;
  readonly result: Result;
}

const RECORD = 'record';
const OWNER = 'owner';
const TOKEN = 'token';

/** The rows of jobs: one for each job, which only `change` changes. */
export class JobRows {
  constructor(private readonly rows: VersionedRows) {}

  /** Stores a new job, unless its row exists: then it is the same job, stored by another process or another attempt. */
  async create(record: JobRecord): Promise<JobRecord> {
    return this.rows.change(ROWS.toJob(record.id), (columns) => {
      const row = toJobRow(columns);
      return row ? { result: row.record } : { set: { [RECORD]: toExactJson(record) }, result: record };
    });
  }

  /** Changes a job in one atomic step; `decide` gets undefined for a job that does not exist. */
  async change<Result>(id: string, decide: (row: JobRow | undefined) => JobRowChange<Result>): Promise<Result> {
    return this.rows.change(ROWS.toJob(id), (columns): RowChange<Result> => {
      const row = toJobRow(columns);
      const { record, owner, token, result } = decide(row);
      const set: Record<string, string | null> = {
        ...(record === undefined ? {} : { [RECORD]: toExactJson(record) }),
        ...(owner === undefined ? {} : { [OWNER]: owner }),
        ...(token === undefined ? {} : { [TOKEN]: String(token) }),
      };
      return Object.keys(set).length === 0 ? { result } : { set, result };
    });
  }

  async read(id: string): Promise<JobRow | undefined> {
    return toJobRow(await this.rows.read(ROWS.toJob(id)));
  }

  /** Those of the jobs that exist, in the order of the ids. */
  async readAll(ids: readonly string[]): Promise<JobRow[]> {
    const found = await this.rows.readAll(ids.map(ROWS.toJob));
    return ids.flatMap((id) => toJobRow(found.get(ROWS.toJob(id))) ?? []);
  }
}

function toJobRow(columns: Columns | undefined): JobRow | undefined {
  const record = columns?.get(RECORD);
  if (columns === undefined || record === undefined) return undefined;
  return {
    record: fromExactJson(record) as JobRecord,
    owner: columns.get(OWNER) ?? null,
    token: Number(columns.get(TOKEN) ?? 0),
  };
}
