import type { WriteLog } from '../../datasources/online/write-log.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
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
import { LoggedEntities, type LoggedEntitiesQuery } from './logged-entities.js';
import { LogDrain, type LogDrainOptions } from './log-drain.js';
import { Moments } from './moments.js';
import { Room } from './room.js';
import type { WritePosition } from './write-position.js';
import { toDeletionFailure, toStoreFailure } from './store-failure.js';
import { SerialTasks } from '../../runtime/serial-tasks.js';

export interface LoggedFeatureWriterOptions extends Pick<
  LogDrainOptions,
  'onError' | 'onUnknownRows' | 'delayMs' | 'retryMs'
> {
  readonly log: WriteLog;
  readonly history: WrittenHistory;
  readonly clock: Clock;
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
  readonly #entities = new LoggedEntities();
  readonly #room: Room;
  readonly #tasks = new SerialTasks();
  readonly #future: WrittenFutureRows;
  #drain!: LogDrain;
  #waiting: WaitingWrite[] = [];
  #isCommitting = false;
  #oldestLogged: Instant | undefined;

  private constructor(private readonly options: LoggedFeatureWriterOptions) {
    const { log, history, clock, limits = {} } = options;
    this.#log = log;
    this.#moments = new Moments(log, history);
    this.#room = new Room({ ...WRITE_LIMITS, ...limits });
    const alone = (promote: () => Promise<void>): Promise<void> => this.#tasks.run(promote);
    this.#future = new WrittenFutureRows(log, clock, alone, options.onError, options.onUnknownRows);
  }

  /** Moves the rows of the last process into the offline store before it returns. */
  static async open(options: LoggedFeatureWriterOptions): Promise<LoggedFeatureWriter> {
    const writer = new LoggedFeatureWriter(options);
    writer.#drain = await LogDrain.open({
      ...options,
      onDrained: (upTo, rows) => {
        writer.#moments.forget(upTo);
        writer.#entities.forget(upTo);
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

  /** Commits run one after the other, so that of the last one is the position. */
  get position(): WritePosition {
    const log = this.#log;
    return { key: log.id, settled: () => log.last.created, isSerial: true, clockTolerance: 0n };
  }

  async write({ entityType, rows, signal }: WriteRequest): Promise<WriteOutcome> {
    signal?.throwIfAborted();
    const checked = checkRows(entityType, rows, this.options.clock());
    if (checked.rows.length === 0) return { written: 0, duplicates: 0, duplicateRows: [], faults: checked.faults };
    if (this.#waiting.length >= WRITE_LIMITS.maxWaitingWrites) throw tooManyWrites();
    await this.#room.wait(signal);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ checked, resolve, reject });
      void this.#commitAll();
    });
  }

  /**
   * Returns when the offline store has every row that was acknowledged before the call; with entities, every row of
   * these. A read of entities that nobody writes does not wait for the rows of others.
   */
  async drained(entities?: LoggedEntitiesQuery): Promise<void> {
    if (this.#room.rows === 0) return;
    await this.#drain.drainUpTo(entities ? this.#entities.lastOf(entities) : this.#log.last.sequence);
  }

  /** Runs a change of names while no write and no deletion runs, and the log is empty. */
  async rename(change: () => Promise<void>): Promise<void> {
    await this.#tasks.run(async () => {
      await this.drained();
      await change();
      await this.#log.renameFuture();
    });
  }

  /** Deletes entities from both stores and the log. No write runs meanwhile. */
  async deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<DeletionOutcome> {
    return this.#tasks.run(async () => {
      try {
        // The log has rows of these entities, which a drain would bring after the deletion.
        await this.drained();
        await this.options.history.deleteEntities(entityType, entityIds);
        await this.#log.deleteEntities(entityType, entityIds);
      } catch (error) {
        throw toDeletionFailure(error);
      }
      return { remaining: listComputed(entityType) };
    });
  }

  /** Moves all rows into the offline store. Call it when no more writes come, before the stores close. */
  async close(): Promise<void> {
    this.#future.close();
    await this.#tasks.run(() => this.#drain.close(this.#log.last.sequence));
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
      const written = await this.#commit(group.flatMap(({ checked }) => checked.rows.flatMap(({ parts }) => parts)));
      for (const { checked, resolve } of group) resolve(toOutcome(checked, written));
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

  /** Returns the parts that were not written before. */
  async #commit(parts: readonly CheckedPart[]): Promise<ReadonlySet<CheckedPart>> {
    const { clock } = this.options;
    // First the rows that became due: they may be the newest of their entities.
    await this.#future.promoteDue();
    const now = clock();
    const { parts: selected, moments } = await this.#moments.selectNew(parts, now);
    if (selected.size === 0) return selected;
    const { last } = this.#log;
    const sequence = last.sequence + 1;
    // Never the same twice, also when the clock stands still or is set back: the later write of a moment must win.
    const created = now > last.created ? now : last.created + 1n;
    const rows: OnlineWrite[] = [];
    const future = new Set<OnlineWrite>();
    for (const { entityId, source, version, values } of selected) {
      const { timestamp, sequence: ofRow } = version;
      const row = { entityId, source, version: { timestamp, createdTimestamp: created, sequence: ofRow }, values };
      rows.push(row);
      if (timestamp !== null && timestamp > now) future.add(row);
    }
    await this.#log.commit({ sequence, created, rows, future });
    this.#moments.remember(sequence, moments);
    this.#entities.remember(sequence, rows);
    this.#room.enter(rows.length);
    this.#oldestLogged ??= now;
    this.#drain.schedule(sequence);
    if (future.size > 0) this.#future.schedule();
    return selected;
  }
}

function toOutcome({ rows, faults }: CheckedRows, written: ReadonlySet<CheckedPart>): WriteOutcome {
  const isWritten = ({ parts }: CheckedRow): boolean => parts.some((part) => written.has(part));
  const duplicateRows = rows.filter((row) => !isWritten(row)).map(({ row }) => row);
  const duplicates = duplicateRows.length;
  return { written: rows.length - duplicates, duplicates, duplicateRows, faults };
}

function tooManyWrites(): AppError {
  return new AppError(
    'STORE_UNAVAILABLE',
    `${WRITE_LIMITS.maxWaitingWrites} writes wait already. Try again later, with more rows in each write.`,
  );
}
