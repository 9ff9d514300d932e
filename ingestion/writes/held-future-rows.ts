import type { FeatureRow, OfflineStore } from '../../datasources/offline/offline-store.js';
import type { OnlineStore, OnlineWrite } from '../../datasources/online/online-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { Alarm } from '../../runtime/alarm.js';
import { pause } from '../../runtime/pause.js';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';

export interface HeldFutureRowsOptions {
  readonly online: Pick<OnlineStore, 'write'>;
  readonly offline: Pick<OfflineStore, 'rows'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Receives rows of the future when their time has come and they are served. */
  readonly onPromoted?: (rows: readonly OnlineWrite[]) => void;
  /** Replaces the limit of the same name. For tests. */
  readonly maxFutureRows?: number;
}

const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/**
 * Future rows in memory, for stores without a log of writes: the offline store has them, and the online store gets them when
 * their time comes. After a restart they are read from the offline store again.
 */
export class HeldFutureRows {
  readonly #rows = new Set<OnlineWrite>();
  readonly #alarm = new Alarm();
  readonly #closed = new AbortController();
  #promoting: Promise<void> = Promise.resolve();
  /** The entities that were deleted since a read of the offline store began, which must not bring them back. */
  #forgotten: Set<string> | null = null;

  constructor(private readonly options: HeldFutureRowsOptions) {}

  /** Before anything is written: a refused row must not be history. */
  checkRoom(more: number): void {
    const maximum = this.options.maxFutureRows ?? WRITE_LIMITS.maxFutureRows;
    if (more === 0 || this.#rows.size + more <= maximum) return;
    throw new AppError(
      'STORE_UNAVAILABLE',
      `This gateway holds ${this.#rows.size} future rows already. Write them when their time comes.`,
    );
  }

  hold(rows: readonly OnlineWrite[]): void {
    for (const row of rows) this.#rows.add(row);
    if (rows.length > 0) this.#schedule();
  }

  /** Drops the rows of entities. Afterwards none of them is written any more. */
  async forget({ name, featurestore }: TypeNames, ids: ReadonlySet<string>): Promise<void> {
    for (const row of this.#rows) {
      // By name: the objects are others after another registry was applied.
      const of = row.source.entityType;
      const isOfType = of.name === name && of.featurestore.name === featurestore.name;
      if (isOfType && ids.has(row.entityId)) this.#rows.delete(row);
    }
    for (const id of ids) this.#forgotten?.add(entityKey({ name, featurestore }, id));
    // A promotion that has read these rows already must not write them after the deletion.
    await this.#promoting;
  }

  /**
   * Holds the future rows that the offline store has of a source, the earliest of them, as the last process held them. A
   * failure is repeated. One call runs at a time.
   */
  async resume(source: FeatureSource): Promise<void> {
    const { signal } = this.#closed;
    for (let retryMs = RETRY_MS; !this.#isClosed(); retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)) {
      const forgotten = new Set<string>();
      this.#forgotten = forgotten;
      try {
        const later = { than: this.options.clock(), limit: WRITE_LIMITS.maxResumedFutureRows };
        const read = { source, entityIds: null, features: source.features, to: null, later, signal };
        for await (const rows of this.options.offline.rows(read)) {
          const { entityType } = source;
          this.hold(
            rows
              .map((row) => toWrite(source, row))
              .filter(({ entityId }) => !forgotten.has(entityKey(entityType, entityId))),
          );
        }
        return;
      } catch (error) {
        if (this.#isClosed()) return;
        this.options.onError(error);
        await pause(retryMs, signal);
      } finally {
        this.#forgotten = null;
      }
    }
  }

  close(): void {
    this.#closed.abort();
    this.#alarm.clear();
  }

  #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  #schedule(atLeastMs = 0): void {
    this.#alarm.clear();
    let earliest: Instant | undefined;
    for (const { version } of this.#rows) {
      if (earliest === undefined || version.timestamp! < earliest) earliest = version.timestamp!;
    }
    if (earliest === undefined || this.#isClosed()) return;
    const waitMs = Math.ceil(Number(earliest - this.options.clock()) / 1000);
    this.#alarm.set(Math.max(waitMs, atLeastMs), () => {
      this.#promoting = this.#promote();
    });
  }

  async #promote(): Promise<void> {
    const now = this.options.clock();
    const due = [...this.#rows].filter(({ version }) => version.timestamp! <= now);
    try {
      for (const [entityType, writes] of Map.groupBy(due, ({ source }) => source.entityType)) {
        await this.options.online.write(entityType, writes);
        for (const write of writes) this.#rows.delete(write);
        this.options.onPromoted?.(writes);
      }
      this.#schedule();
    } catch (error) {
      this.options.onError(error);
      this.#schedule(RETRY_MS);
    }
  }
}

interface TypeNames {
  readonly name: string;
  readonly featurestore: { readonly name: string };
}

/** No name of the registry contains a line break. */
function entityKey({ name, featurestore }: TypeNames, entityId: string): string {
  return `${featurestore.name}\n${name}\n${entityId}`;
}

/** The offline store gives a feature without a value as null, which sets nothing unless the entity type is dense. */
function toWrite(source: FeatureSource, { entityId, values, ...version }: FeatureRow): OnlineWrite {
  const { timestamp, createdTimestamp = null, sequence = null } = version;
  return { source, entityId: entityId!, values, version: { timestamp, createdTimestamp, sequence } };
}
