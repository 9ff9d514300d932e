import { connect, type BigtableConnection, type TableAddress } from '../../google/bigtable/client.js';
import { callStore } from '../../google/bigtable/open-rows.js';
import { toStartError } from '../../google/bigtable/error-advice.js';
import { VersionedRows } from '../../google/bigtable/versioned-rows.js';
import { HeldLeases } from '../held-leases.js';
import { isValidId } from '../job-id.js';
import { LeaseLost, type JobLease, type SchedulesLease } from '../job-lease.js';
import type { JobRecord } from '../job-record.js';
import { changeRecord, isTerminalAndSettled, matchesFilter, type JobQuery, type JobStore } from '../job-store.js';
import { toUniqueKey, type IdempotencyKey } from '../unique-key.js';
import { JobIndex } from './job-index.js';
import { JobKeys } from './job-keys.js';
import { JOBS_FAMILY } from './jobs-family.js';
import { JobRows, type JobRow } from './job-rows.js';
import { GatewayHeartbeats, heartbeatDeadlineMs } from './gateway-heartbeats.js';
import { SchedulesRow } from './schedules-row.js';

export interface BigtableJobStoreOptions {
  readonly table: TableAddress;
  readonly newId: () => string;
  /** How long a gateway may be silent before others take its jobs. */
  readonly leaseMs: number;
  /** How long one call may take, with all attempts. */
  readonly deadlineMs?: number;
  /** host:port of an emulator. */
  readonly apiEndpoint?: string;
}

const DEADLINE_MS = 10_000;
/** Progress and ends of jobs that run elsewhere are seen this late. */
const LOOK_EVERY_MS = 1000;

/**
 * The job store of several gateways: one Bigtable table (row-keys.ts). These invariants hold whatever gateways do, stop
 * or pause at the same time. test/integration/datasources/job-store/bigtable-races.test.ts tests each with several stores that race.
 *
 * 1. A job has one owner. A claim is one conditional write: it sets the owner and raises the token only in the row that
 *    it has read. It succeeds only when the job has no owner, or its owner wrote no heartbeat for a lease.
 * 2. A write under a lease that was lost changes nothing. The owner's writes compare the token with the row in the same
 *    step as they change it, so a process that was paused, and does not know that it was replaced, cannot write.
 * 3. A key is one job for ever. The first conditional write of the key's row decides, and the row has the whole record
 *    (job-keys.ts).
 * 4. An end is written once. After the end of a job, only its cost can change.
 * 5. No acknowledged job is lost. The rows by which a job is found are written before the job (job-index.ts), and
 *    `create` resolves after the job. A row without a job is ignored.
 * 6. No change is lost, and none is made twice: each is a conditional write with its own name (VersionedRows).
 *
 * Bigtable has transactions of one row only. No invariant needs two rows to change together.
 */
export class BigtableJobStore implements JobStore {
  readonly lookEveryMs = LOOK_EVERY_MS;
  readonly #held = new HeldLeases();
  readonly #connection: BigtableConnection;
  readonly #jobs: JobRows;
  readonly #keys: JobKeys;
  readonly #index: JobIndex;
  readonly #gateways: GatewayHeartbeats;
  readonly #schedules: SchedulesRow;

  private constructor(connection: BigtableConnection, rows: VersionedRows, gateways: GatewayHeartbeats) {
    this.#connection = connection;
    this.#jobs = new JobRows(rows);
    this.#keys = new JobKeys(rows);
    this.#index = new JobIndex(rows);
    this.#gateways = gateways;
    this.#schedules = new SchedulesRow(rows, gateways);
  }

  static async open(options: BigtableJobStoreOptions): Promise<BigtableJobStore> {
    const { table, newId, leaseMs, deadlineMs = DEADLINE_MS, apiEndpoint } = options;
    let connection: BigtableConnection | undefined;
    try {
      connection = await connect(table, apiEndpoint);
      const calls = { table: connection.table, family: JOBS_FAMILY, newId };
      const rows = new VersionedRows({ ...calls, deadlineMs });
      const heartbeats = new VersionedRows({ ...calls, deadlineMs: heartbeatDeadlineMs(leaseMs) });
      let store: BigtableJobStore | undefined = undefined as BigtableJobStore | undefined;
      const onDoubt = (): void => store?.loseAll();
      const gateways = await GatewayHeartbeats.join({
        rows: heartbeats,
        firstRows: rows,
        id: newId(),
        leaseMs,
        onDoubt,
      });
      store = new BigtableJobStore(connection, rows, gateways);
      return store;
    } catch (error) {
      await connection?.client.close();
      throw toStartError('The job store', table, error);
    }
  }

  async create(record: JobRecord): Promise<JobRecord> {
    return call(async () => {
      await this.#index.add(record);
      const key = toUniqueKey(record);
      const started = key === null ? record : await this.#keys.take(key, record);
      if (started.id !== record.id) await this.#index.remove(record);
      return this.#jobs.create(started);
    });
  }

  async findByIdempotencyKey(key: IdempotencyKey): Promise<JobRecord | undefined> {
    return call(async () => {
      const started = await this.#keys.find(toUniqueKey(key));
      return started && this.#jobs.create(started);
    });
  }

  async update(id: string, change: (record: JobRecord) => JobRecord, lease?: JobLease): Promise<JobRecord> {
    const changed = await call(() =>
      this.#jobs.change(id, (row) => {
        if (!row) throw new Error(`there is no job ${id}`);
        if (lease) this.#assertOwner(row, lease);
        const record = changeRecord(row.record, change);
        return { record, result: record };
      }),
    );
    if (isTerminalAndSettled(changed)) await call(() => this.#index.finish(id));
    return changed;
  }

  async claim(id: string): Promise<JobLease | null> {
    if (!isValidId(id) || this.#held.has(id)) return null;
    return call(async () => {
      const seen = await this.#jobs.read(id);
      if (!seen || this.#gateways.isInDoubt || !(await this.#isUnclaimed(seen))) return null;
      const token = await this.#jobs.change(id, (row) => {
        const isAsSeen = row?.token === seen.token && row.owner === seen.owner && !isTerminalAndSettled(row.record);
        if (!isAsSeen) return { result: null };
        return { owner: this.#gateways.id, token: row.token + 1, result: row.token + 1 };
      });
      return token === null ? null : (this.#held.add(id, token) ?? null);
    });
  }

  async release(lease: JobLease): Promise<void> {
    this.#held.remove(lease);
    await call(() =>
      this.#jobs.change(lease.job, (row) => {
        const isMine = row?.owner === this.#gateways.id && row.token === lease.token;
        return isMine && !isTerminalAndSettled(row.record) ? { owner: null, result: undefined } : { result: undefined };
      }),
    );
  }

  async claimSchedules(): Promise<SchedulesLease | null> {
    const lease = await call(() => this.#schedules.claim());
    return (
      lease && { ...lease, keep: (until) => call(() => lease.keep(until)), release: () => call(() => lease.release()) }
    );
  }

  async get(id: string): Promise<JobRecord | undefined> {
    if (!isValidId(id)) return undefined;
    return (await call(() => this.#jobs.read(id)))?.record;
  }

  async getAll(ids: readonly string[]): Promise<JobRecord[]> {
    const rows = await call(() => this.#jobs.readAll([...new Set(ids)].filter(isValidId)));
    return rows.map(({ record }) => record);
  }

  async list({ filter, before, limit }: JobQuery): Promise<JobRecord[]> {
    const found: JobRecord[] = [];
    if (limit <= 0 || (before !== null && !isValidId(before))) return found;
    return call(async () => {
      for await (const ids of this.#index.pages(filter, before)) {
        for (const { record } of await this.#jobs.readAll(ids)) {
          if (matchesFilter(record, filter)) found.push(record);
          if (found.length >= limit) return found;
        }
      }
      return found;
    });
  }

  async listUnfinished(): Promise<JobRecord[]> {
    return (await this.#unfinishedRows()).map(({ record }) => record);
  }

  async listUnclaimed(): Promise<JobRecord[]> {
    const unclaimed: JobRecord[] = [];
    for (const row of await this.#unfinishedRows()) {
      if (await call(() => this.#isUnclaimed(row))) unclaimed.push(row.record);
    }
    return unclaimed;
  }

  async close(): Promise<void> {
    // If this fails, the others wait until the lease has expired.
    await this.#gateways.leave().catch(() => undefined);
    await this.#connection.client.close();
  }

  loseAll(): void {
    this.#held.loseAll();
    this.#schedules.lose();
  }

  async #unfinishedRows(): Promise<JobRow[]> {
    return call(async () => {
      const rows = await this.#jobs.readAll(await this.#index.unfinished());
      const [finished, unfinished] = [true, false].map((wanted) =>
        rows.filter(({ record }) => isTerminalAndSettled(record) === wanted),
      ) as [JobRow[], JobRow[]];
      // The gateway that wrote the end stopped before it removed the row of the index.
      await Promise.all(finished.map(({ record }) => this.#index.finish(record.id)));
      return unfinished;
    });
  }

  async #isUnclaimed({ record, owner }: JobRow): Promise<boolean> {
    if (isTerminalAndSettled(record)) return false;
    if (owner === null) return true;
    // This process owned it and lost or dropped the lease, for example while the store was unreachable.
    if (owner === this.#gateways.id) return !this.#held.has(record.id);
    return !(await this.#gateways.isAlive(owner));
  }

  #assertOwner({ owner, token }: JobRow, lease: JobLease): void {
    if (this.#held.isHeld(lease) && owner === this.#gateways.id && token === lease.token) return;
    this.#held.lose(lease);
    throw new LeaseLost();
  }
}

function call<Result>(run: () => Promise<Result>): Promise<Result> {
  return callStore('The job store', run);
}
