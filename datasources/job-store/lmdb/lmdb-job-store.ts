import type { Database, RootDatabase } from 'lmdb';
import { openLmdb, transact } from '../../../runtime/lmdb.js';
import { HeldLeases } from '../held-leases.js';
import type { JobLease, SchedulesLease } from '../job-lease.js';
import { changeRecord, isTerminalAndSettled, matchesFilter, type JobQuery, type JobStore } from '../job-store.js';
import { isValidId } from '../job-id.js';
import type { JobRecord } from '../job-record.js';
import { toUniqueKey, type IdempotencyKey } from '../unique-key.js';

const AFTER_ALL_IDS = '\uffff';

/**
 * Job records in LMDB. Ids sort by time, so a list is a reverse scan. One process has the data folder, so leases need not
 * outlive it: they only ensure that it runs a job once at a time.
 */
export class LmdbJobStore implements JobStore {
  readonly lookEveryMs = null;
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

  readonly #held = new HeldLeases();
  #tokens = 0;
  #schedules: AbortController | undefined;

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

  async update(id: string, change: (record: JobRecord) => JobRecord, lease?: JobLease): Promise<JobRecord> {
    const changed = await transact(this.#environment, () => {
      if (lease) this.#held.assertHeld(lease);
      const record = this.#records.get(id);
      if (!record) throw new Error(`there is no job ${id}`);
      const next = changeRecord(record, change);
      this.#put(next);
      return next;
    });
    await this.#environment.flushed;
    return changed;
  }

  async claim(id: string): Promise<JobLease | null> {
    const record = await this.get(id);
    if (!record || isTerminalAndSettled(record)) return null;
    return this.#held.add(id, (this.#tokens += 1)) ?? null;
  }

  async release(lease: JobLease): Promise<void> {
    this.#held.remove(lease);
  }

  async claimSchedules(): Promise<SchedulesLease | null> {
    if (this.#schedules) return null;
    const mine = (this.#schedules = new AbortController());
    return {
      keptUntil: null,
      lost: mine.signal,
      keep: async () => undefined,
      release: async () => {
        if (this.#schedules === mine) this.#schedules = undefined;
      },
    };
  }

  async get(id: string): Promise<JobRecord | undefined> {
    return isValidId(id) ? this.#records.get(id) : undefined;
  }

  async getAll(ids: readonly string[]): Promise<JobRecord[]> {
    return [...new Set(ids)].flatMap((id) => (isValidId(id) ? (this.#records.get(id) ?? []) : []));
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

  async listUnclaimed(): Promise<JobRecord[]> {
    return (await this.listUnfinished()).filter(({ id }) => !this.#held.has(id));
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
