import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { WriteLog } from '../../datasources/online/write-log.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { Alarm } from '../../runtime/alarm.js';
import type { Clock } from '../../values/clock.js';

const RETRY_MS = 1000;

/** Brings the future rows that clients wrote into the online store when their time comes: the log of writes has them. */
export class WrittenFutureRows {
  readonly #alarm = new Alarm();

  constructor(
    private readonly log: WriteLog,
    private readonly clock: Clock,
    /** Runs a task while no commit runs. */
    private readonly exclusive: (task: () => Promise<void>) => Promise<void>,
    private readonly onError: (error: unknown) => void,
    /** Receives the number of due rows of sources that the registry no longer has: no reader could ask for them. */
    private readonly onUnknownRows: (rows: number) => void,
    /** Receives the rows that are served from now on. */
    private readonly onPromoted: (rows: readonly OnlineWrite[]) => void = () => undefined,
  ) {}

  /** Sets the timer to the earliest of them. */
  schedule(atLeastMs = 0): void {
    const earliest = this.log.earliestFuture();
    this.#alarm.clear();
    if (earliest === undefined) return;
    const waitMs = Math.ceil(Number(earliest - this.clock()) / 1000);
    this.#alarm.set(Math.max(waitMs, atLeastMs), () => void this.promote());
  }

  /** Brings the due rows, and sets the timer to the next ones. */
  async promote(): Promise<void> {
    try {
      await this.exclusive(() => this.promoteDue());
      this.schedule();
    } catch (error) {
      this.onError(error);
      this.schedule(RETRY_MS);
    }
  }

  /** Call this while no commit runs. */
  async promoteDue(): Promise<void> {
    const earliest = this.log.earliestFuture();
    if (earliest === undefined || earliest > this.clock()) return;
    const { maxRowsPerPromotion } = WRITE_LIMITS;
    for (;;) {
      const { due, rows, unknownRows } = await this.log.promote(this.clock(), maxRowsPerPromotion);
      if (unknownRows > 0) this.onUnknownRows(unknownRows);
      this.onPromoted(rows);
      if (due < maxRowsPerPromotion) return;
    }
  }

  close(): void {
    this.#alarm.clear();
  }
}
