import type { WriteLog } from '../../datasources/online/write-log.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { SourceVersions } from '../../datasources/online/source-versions.js';
import type { WrittenHistory } from '../../datasources/offline/written-history.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import type { FeatureWriter, WriteOutcome, WriteRequest } from '../feature-writer.js';
import { checkRows, type CheckedPart, type CheckedRow, type CheckedRows } from './check-rows.js';
import { listComputed, type DeletionOutcome, type EntityDeletion } from './entity-deletion.js';
import { WrittenFutureRows } from './written-future-rows.js';
import { LogDrain, type LogDrainOptions } from './log-drain.js';
import { Moments, type LoggedEntitiesQuery } from './moments.js';
import type { MomentValues } from './moment-values.js';
import { Room } from './room.js';
import type { WritePosition } from './write-position.js';
import { toDeletionFailure, toStoreFailure } from './store-failure.js';
import { toOutcome } from './write-outcome.js';
import { SerialTasks } from '../../runtime/serial-tasks.js';

export interface LoggedFeatureWriterOptions extends Pick<
  LogDrainOptions,
  'onError' | 'onUnknownRows' | 'delayMs' | 'retryMs'
> {
  readonly log: WriteLog;
  readonly history: WrittenHistory;
  readonly clock: Clock;
  /** Receives rows of the future when their time has come and they are served. */
  readonly onPromoted?: (rows: readonly OnlineWrite[]) => void;
  /** Replaces the limits of the same names. For tests. */
  readonly limits?: { readonly maxLoggedRows?: number; readonly maxWaitMs?: number };
}

interface WaitingWrite {
  readonly checked: CheckedRows;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes into the embedded stores. One transaction of the log has the new online values and the rows for the offline
 * store; a write is acknowledged when it is on disk. Requests that arrive during a commit share the next one.
 */
export class LoggedFeatureWriter implements FeatureWriter, EntityDeletion {
  readonly #log: WriteLog;
  readonly #moments: Moments;
  readonly #room: Room;
  readonly #tasks = new SerialTasks();
  readonly #future: WrittenFutureRows;
  #drain!: LogDrain;
  #waiting: WaitingWrite[] = [];
  #isCommitting = false;
  #oldestLogged: Instant | undefined;

  private constructor(private readonly options: LoggedFeatureWriterOptions) {
    const { log, history, clock, onError, onUnknownRows, onPromoted, limits = {} } = options;
    this.#log = log;
    this.#moments = new Moments(log, history);
    this.#room = new Room({ ...WRITE_LIMITS, ...limits });
    const alone = (promote: () => Promise<void>): Promise<void> => this.#tasks.run(promote);
    this.#future = new WrittenFutureRows(log, clock, alone, onError, onUnknownRows, onPromoted);
  }

  /** Moves the rows of the last process into the offline store before it returns. */
  static async open(options: LoggedFeatureWriterOptions): Promise<LoggedFeatureWriter> {
    const writer = new LoggedFeatureWriter(options);
    writer.#drain = await LogDrain.open({
      ...options,
      onDrained: (upTo, rows) => {
        writer.#moments.forget(upTo);
        writer.#room.leave(rows);
        writer.#oldestLogged = upTo === writer.#log.last.sequence ? undefined : options.clock();
      },
    });
    // A later start may not know the old names any more, and a deletion finds the rows by the present ones.
    await options.log.renameFuture();
    await writer.#future.promote();
    return writer;
  }

  /** The rows that the offline store does not have yet, and the time since which it lacks some; null when it has all. */
  get backlog(): { readonly rows: number; readonly since: Instant | null } {
    return { rows: this.#room.rows, since: this.#oldestLogged ?? null };
  }

  /** The versions of the rows that this writer writes and deletes. */
  get versions(): SourceVersions {
    return this.#log.versions;
  }

  /** Commits run one after the other, so that of the last one is the position. */
  get position(): WritePosition {
    const log = this.#log;
    return { key: log.id, settled: () => log.last.created, isSerial: true, clockTolerance: 0n };
  }

  async write({ entityType, rows, signal }: WriteRequest): Promise<WriteOutcome> {
    signal?.throwIfAborted();
    const checked = await checkRows(entityType, rows, this.options.clock());
    if (checked.rows.length === 0) return toOutcome(checked, []);
    if (this.#waiting.length >= WRITE_LIMITS.maxWaitingWrites) throw tooManyWrites();
    await this.#room.wait(signal);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ checked, resolve, reject });
      void this.#commitAll();
    });
  }

  /**
   * Returns when the offline store has every row that was acknowledged before the call; with entities, every row of
   * these. A read of entities that no request writes does not wait for the rows of others.
   */
  async drained(entities?: LoggedEntitiesQuery): Promise<void> {
    if (this.#room.rows === 0) return;
    await this.#drain.drainUpTo(entities ? this.#moments.lastOf(entities) : this.#log.last.sequence);
  }

  /** Runs a change of names while no write and no deletion runs, and the log is empty. */
  async rename(change: () => Promise<void>): Promise<void> {
    await this.alone(async () => {
      await change();
      await this.#log.renameFuture();
    });
  }

  /** Runs a task while no write and no deletion runs, and the log is empty. */
  async alone<Result>(task: () => Promise<Result>): Promise<Result> {
    // First without holding up writers: what comes meanwhile is little.
    await this.#emptyLog();
    return this.#tasks.run(async () => {
      await this.#emptyLog();
      return task();
    });
  }

  /** Deletes entities from both stores and the log. No write runs meanwhile. */
  async deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<DeletionOutcome> {
    try {
      // The log has rows of these entities, which would come to both stores after the deletion.
      await this.alone(() =>
        this.#log.versions.changing(entityType.sources, async () => {
          await this.options.history.deleteEntities(entityType, entityIds);
          await this.#log.deleteEntities(entityType, entityIds);
        }),
      );
    } catch (error) {
      throw toDeletionFailure(error);
    }
    return { remaining: listComputed(entityType) };
  }

  /** Moves all rows into the offline store. Call it when no more writes come, before the stores close. */
  async close(): Promise<void> {
    this.#future.close();
    await this.#tasks.run(async () => {
      await this.#drain.close(this.#log.last.sequence);
      await this.#log.settle();
    });
  }

  async #emptyLog(): Promise<void> {
    await this.drained();
    await this.#log.settle();
  }

  async #commitAll(): Promise<void> {
    if (this.#isCommitting) return;
    this.#isCommitting = true;
    try {
      while (this.#waiting.length > 0) await this.#tasks.run(() => this.#commitSome());
    } finally {
      this.#isCommitting = false;
    }
  }

  /** Commits the waiting writes together. A failure is that of each of them. */
  async #commitSome(): Promise<void> {
    const group = this.#takeGroup();
    try {
      const parts: CheckedPart[] = [];
      for (const { checked } of group) for (const row of checked.rows) for (const part of row.parts) parts.push(part);
      const isNew = await this.#commit(parts);
      let part = 0;
      const takeNew = (count: number): boolean => {
        let isAnyNew = false;
        for (const end = part + count; part < end; part += 1) isAnyNew ||= isNew[part]!;
        return isAnyNew;
      };
      for (const { checked, resolve } of group) resolve(toOutcome(checked, findDuplicates(checked.rows, takeNew)));
    } catch (error) {
      const failure = toStoreFailure('online', error);
      for (const { reject } of group) reject(failure);
    }
  }

  #takeGroup(): WaitingWrite[] {
    let rows = 0;
    let size = 0;
    for (const { checked } of this.#waiting) {
      if (size > 0 && rows + checked.rows.length > WRITE_LIMITS.maxRowsPerCommit) break;
      rows += checked.rows.length;
      size += 1;
    }
    return this.#waiting.splice(0, size);
  }

  /** Returns for each part whether it was written, and not before. */
  async #commit(parts: readonly CheckedPart[]): Promise<readonly boolean[]> {
    const { clock } = this.options;
    // First the rows that became due: they may be the newest of their entities.
    await this.#future.promoteDue();
    const now = clock();
    const after = await this.#moments.selectNew(parts, now);
    const { last } = this.#log;
    const sequence = last.sequence + 1;
    // Never the same twice, also when the clock stands still or is set back: the later write of a moment must win.
    const created = now > last.created ? now : last.created + 1n;
    const rows: OnlineWrite[] = [];
    const moments: MomentValues[] = [];
    const future = new Set<OnlineWrite>();
    for (let index = 0; index < parts.length; index += 1) {
      const moment = after[index];
      if (!moment) continue;
      const row = parts[index]!;
      const { version } = row;
      version.createdTimestamp = created;
      rows.push(row);
      moments.push(moment);
      if (version.timestamp !== null && version.timestamp > now) future.add(row);
    }
    const isNew = after.map((moment) => moment !== undefined);
    if (rows.length === 0) return isNew;
    await this.#log.commit({ sequence, created, rows, future });
    this.#moments.remember(sequence, rows, moments);
    this.#room.enter(rows.length);
    this.#oldestLogged ??= now;
    this.#drain.schedule(this.#room.rows);
    if (future.size > 0) this.#future.schedule();
    return isNew;
  }
}

/** The rows of which no part is new; `takeNew` says whether one of the next parts is. */
function findDuplicates(rows: readonly CheckedRow[], takeNew: (parts: number) => boolean): number[] {
  const duplicateRows: number[] = [];
  for (const { row, parts } of rows) if (!takeNew(parts.length)) duplicateRows.push(row);
  return duplicateRows;
}

function tooManyWrites(): AppError {
  return new AppError(
    'STORE_UNAVAILABLE',
    `${WRITE_LIMITS.maxWaitingWrites} writes wait already. Try again later, with more rows in each write.`,
  );
}
