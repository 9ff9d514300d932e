import type { WriteLog } from '../../datasources/online/write-log.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { WrittenHistory } from '../../datasources/offline/written-history.js';
import { OperatorError } from '../../errors/operator-error.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { toStoreFailure } from './store-failure.js';

export interface LogDrainOptions {
  readonly log: WriteLog;
  readonly history: WrittenHistory;
  /** Receives the sequence number up to which the offline store has the rows, and the number of rows that left. */
  readonly onDrained: (upTo: number, rows: number) => void;
  /** Receives a failure of a drain that no reader waits for. It is repeated. */
  readonly onError: (error: unknown) => void;
  /** Receives the number of rows of sources that the registry no longer has. */
  readonly onUnknownRows: (rows: number) => void;
  /**
   * Milliseconds of a pause of the writes before a drain that no reader asks for: one transaction then takes many commits.
   * Without a pause, rows wait for two seconds at most, and until they fill a transaction.
   */
  readonly delayMs?: number;
  /** Milliseconds before a failed drain is repeated. */
  readonly retryMs?: number;
}

const DELAY_MS = 250;
const MAX_DELAY_MS = 2_000;

/** Moves the rows of a log into the offline store: each once, in order. */
export class LogDrain {
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Of the commits that wait for the timer: when the first and the last of them came. */
  #firstAt = 0;
  #lastAt = 0;
  /** The last drain failed: its repetition waits, however many rows come. */
  #hasFailed = false;
  #drainedUpTo = 0;
  #isClosed = false;

  private constructor(private readonly options: LogDrainOptions) {}

  /** Drains what the last process left. */
  static async open(options: LogDrainOptions): Promise<LogDrain> {
    const { log, history } = options;
    const drain = new LogDrain(options);
    drain.#drainedUpTo = await history.drainedUpTo(log.id);
    refuseOtherMoments(log, drain.#drainedUpTo);
    // The offline store may have these already: the process ended before it removed them from the log.
    await log.remove(drain.#drainedUpTo);
    await drain.drainUpTo(log.last.sequence);
    return drain;
  }

  /** Returns when the offline store has the rows of the commits up to a sequence number. */
  async drainUpTo(sequence: number): Promise<void> {
    while (this.#drainedUpTo < sequence) {
      await (this.#running ??= this.#step().finally(() => (this.#running = undefined)));
    }
  }

  /** Drains later, without a waiting reader. `rows` are all that the offline store lacks. */
  schedule(rows: number): void {
    const now = performance.now();
    this.#lastAt = now;
    if (!this.#timer) {
      this.#firstAt = now;
      this.#wait(this.#delayMs, () => this.#drainInPause());
    }
    const isFull = rows >= WRITE_LIMITS.maxRowsPerDrain;
    if (isFull && !this.#running && !this.#hasFailed) this.#drainAll();
  }

  get #delayMs(): number {
    return this.options.delayMs ?? DELAY_MS;
  }

  #wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.#timer);
    // The stores are closed next.
    if (this.#isClosed) return;
    this.#timer = setTimeout(then, milliseconds).unref();
  }

  /** A drain takes time of the event loop, which writers need as long as they write. */
  #drainInPause(): void {
    const now = performance.now();
    const end = Math.min(this.#lastAt + this.#delayMs, this.#firstAt + Math.max(MAX_DELAY_MS, this.#delayMs));
    // A timer may be early by a part of a millisecond.
    if (end - now >= 1) this.#wait(end - now, () => this.#drainInPause());
    else this.#drainAll();
  }

  #drainAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.drainUpTo(this.options.log.last.sequence).then(
      () => (this.#hasFailed = false),
      (error: unknown) => {
        this.#hasFailed = true;
        this.options.onError(error);
        this.#wait(this.options.retryMs ?? 1000, () => this.#drainAll());
      },
    );
  }

  async close(sequence: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.drainUpTo(sequence);
  }

  async #step(): Promise<void> {
    const { log, history, onDrained, onUnknownRows } = this.options;
    const { upTo, rows, unknownRows } = log.read(this.#drainedUpTo, WRITE_LIMITS.maxRowsPerDrain);
    if (upTo === undefined) {
      this.#drainedUpTo = log.last.sequence;
      return;
    }
    if (unknownRows > 0) onUnknownRows(unknownRows);
    try {
      await history.appendCommits(log.id, upTo, toHistory(rows));
    } catch (error) {
      throw toStoreFailure('offline', error);
    }
    this.#drainedUpTo = upTo;
    onDrained(upTo, rows.length + unknownRows);
    try {
      // If this fails, as on a full disk, the next removal removes these too. To append them again would give each row twice.
      await log.remove(upTo);
    } catch (error) {
      throw toStoreFailure('online', error);
    }
  }
}

/**
 * The stores come from different moments when one of them was restored alone. If the online store is the older one, its next commits would
 * get numbers that the offline store has had, and would never reach it. If the offline store is, it lacks rows that the log no longer has.
 */
function refuseOtherMoments({ last, removed }: WriteLog, drainedUpTo: number): void {
  if (removed <= drainedUpTo && drainedUpTo <= last.sequence) return;
  const older = drainedUpTo > last.sequence ? 'online' : 'offline';
  throw new OperatorError('The stores of the data folder are not from the same moment:', [
    `the ${older} store lacks rows that the other one has. Restore the whole data folder from one backup (docs/operations.md)`,
  ]);
}

/** The rows of each source, in order. */
function toHistory(rows: readonly OnlineWrite[]): ReadonlyMap<FeatureSource, readonly FeatureRow[]> {
  const history = new Map<FeatureSource, FeatureRow[]>();
  for (const { source, entityId, version, values } of rows) {
    const { timestamp, createdTimestamp, sequence } = version;
    const row: FeatureRow = { entityId, timestamp, createdTimestamp, sequence, values };
    const ofSource = history.get(source);
    if (ofSource) ofSource.push(row);
    else history.set(source, [row]);
  }
  return history;
}
