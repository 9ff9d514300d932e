import type { Database, RootDatabase } from 'lmdb';
import { openLmdb, transact } from '../../../runtime/lmdb.js';
import { isTerminalAndSettled, matchesFilter, type JobQuery, type JobStore } from '../job-store.js';
import type { JobRecord } from '../job-record.js';
import { toUniqueKey, type IdempotencyKey } from '../unique-key.js';

const MAX_ID_LENGTH = 200;
const AFTER_ALL_IDS = '\uffff';

/** Job records in LMDB. Ids sort by time, so a list is a reverse scan. */
export class LmdbJobStore implements JobStore {
  readonly #environment: RootDatabase;
  readonly #records: Database<JobRecord, string>;
  /** Ids by idempotency key or external id. */
  readonly #uniqueKeys: Database<string, string>;
  /** Ids of unfinished jobs, so that a start need not scan all jobs. */
  readonly #unfinished: Database<true, string>;

  /**
   * The ids of the jobs of a target: an old gateway has run many thousands of jobs, and a feature view has few of them.
   */
  readonly #targets: Database<true, [target: string, id: string]>;

  constructor(path: string) {
    this.#environment = openLmdb({ path, maxDbs: 4 });
    this.#records = this.#environment.openDB({ name: 'records' });
    this.#uniqueKeys = this.#environment.openDB({ name: 'unique-keys' });
    this.#unfinished = this.#environment.openDB({ name: 'unfinished' });
    this.#targets = this.#environment.openDB({ name: 'targets' });
  }

  async create(record: JobRecord): Promise<JobRecord> {
    const key = toUniqueKey(record);
    const kept = await transact(this.#environment, () => {
      const earlier = this.#findByUniqueKey(key);
      if (earlier) return earlier;
      this.#put(record);
      if (key !== null) void this.#uniqueKeys.put(key, record.id);
      return record;
    });
    await this.#environment.flushed;
    return kept;
  }

  async findByIdempotencyKey(key: IdempotencyKey): Promise<JobRecord | undefined> {
    return this.#findByUniqueKey(toUniqueKey(key));
  }

  async update(id: string, change: (record: JobRecord) => JobRecord): Promise<JobRecord> {
    const changed = await transact(this.#environment, () => {
      const record = this.#records.get(id);
      if (!record) throw new Error(`there is no job ${id}`);
      const next = change(record);
      this.#put(next);
      return next;
    });
    await this.#environment.flushed;
    return changed;
  }

  async get(id: string): Promise<JobRecord | undefined> {
    return isValidId(id) ? this.#records.get(id) : undefined;
  }

  async list({ filter, before, limit }: JobQuery): Promise<JobRecord[]> {
    const found: JobRecord[] = [];
    if (before !== null && !isValidId(before)) return found;
    for (const record of filter.target === undefined
      ? this.#newest(before)
      : this.#listNewestByTarget(filter.target, before)) {
      if (found.length >= limit) break;
      if (matchesFilter(record, filter)) found.push(record);
    }
    return found;
  }

  async listUnfinished(): Promise<JobRecord[]> {
    return [...this.#unfinished.getKeys()].flatMap((id) => this.#records.get(id) ?? []);
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }

  #findByUniqueKey(key: string | null): JobRecord | undefined {
    const id = key === null ? undefined : this.#uniqueKeys.get(key);
    return id === undefined ? undefined : this.#records.get(id);
  }

  *#newest(before: string | null): Generator<JobRecord> {
    const range = before === null ? {} : { start: before, exclusiveStart: true };
    for (const { value } of this.#records.getRange({ ...range, reverse: true })) yield value;
  }

  *#listNewestByTarget(target: string, before: string | null): Generator<JobRecord> {
    const start: [string, string] = [target, before ?? AFTER_ALL_IDS];
    for (const [, id] of this.#targets.getKeys({ start, end: [target, ''], exclusiveStart: true, reverse: true })) {
      const record = this.#records.get(id);
      if (record) yield record;
    }
  }

  #put(record: JobRecord): void {
    void this.#records.put(record.id, record);
    if (record.target !== undefined) void this.#targets.put([record.target, record.id], true);
    if (isTerminalAndSettled(record)) void this.#unfinished.remove(record.id);
    else void this.#unfinished.put(record.id, true);
  }
}

/** Ids come from clients: LMDB throws for a key that is empty or too long. */
function isValidId(id: string): boolean {
  return id !== '' && id.length <= MAX_ID_LENGTH;
}
