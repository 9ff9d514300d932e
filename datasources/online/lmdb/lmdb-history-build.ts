import type { RootDatabase } from 'lmdb';
import { KeyedList, ListKeys } from '../../../runtime/keyed-list.js';
import { transact } from '../../../runtime/lmdb.js';
import { turns } from '../../../runtime/turns.js';
import type { FeatureSource } from '../../registry/model.js';
import type { HistoryRows } from '../../offline/history-snapshot.js';
import type { HistoryBuild } from '../entity-history.js';
import type { ValueVersion } from '../online-store.js';
import type { Rows } from './row-databases.js';
import { rowKey } from './history-key.js';
import { encodeWrite } from './merge-write.js';
import type { SlotNumbers } from './slot-numbers.js';

/** Rows of a build in one transaction: writers wait for some milliseconds. */
const ROWS_PER_TRANSACTION = 500;
const TRANSACTIONS_AT_ONCE = 8;

interface BuildSteps {
  readonly follow: () => void;
  readonly complete: (version: string) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** A build of the rows of one source, beside those that are stored. */
export class LmdbHistoryBuild implements HistoryBuild {
  /** Bounded by the number of deletions during one build. */
  readonly #deleted = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly environment: RootDatabase,
    private readonly source: FeatureSource,
    readonly rows: Rows,
    private readonly numbers: SlotNumbers,
    private readonly steps: BuildSteps,
  ) {}

  follow(): void {
    this.steps.follow();
  }

  deleted(entityIds: readonly string[]): void {
    for (const entityId of entityIds) this.#deleted.add(entityId);
  }

  async add(rows: HistoryRows): Promise<void> {
    for (let from = 0; from < rows.entityIds.length; from += ROWS_PER_TRANSACTION) {
      const to = Math.min(from + ROWS_PER_TRANSACTION, rows.entityIds.length);
      await this.#room();
      const committed = transact(this.environment, () => this.#put(rows, from, to)).finally(() =>
        this.#running.delete(committed),
      );
      committed.catch((error: unknown) => (this.#failure ??= { error }));
      this.#running.add(committed);
      await turns.next();
    }
  }

  async complete(version: string): Promise<void> {
    await this.#allCommitted();
    return this.steps.complete(version);
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#running);
    return this.steps.end();
  }

  /** Returns when another transaction may begin. A commit waits for the disk, so some of them run at once. */
  async #room(): Promise<void> {
    while (this.#running.size >= TRANSACTIONS_AT_ONCE) await Promise.race(this.#running).catch(() => undefined);
    this.#throwFailure();
  }

  async #allCommitted(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (!this.#failure) return;
    this.numbers.forgetUncommitted();
    throw this.#failure.error;
  }

  #put(rows: HistoryRows, from: number, to: number): void {
    const keys = new ListKeys(rows.features.map(({ name }) => name));
    for (let index = from; index < to; index += 1) {
      const entityId = rows.entityIds[index]!;
      if (this.#deleted.has(entityId)) continue;
      const version: ValueVersion = {
        timestamp: rows.timestamps[index]!,
        createdTimestamp: rows.createdTimestamps[index]!,
        sequence: rows.sequences[index]!,
      };
      const values = new KeyedList(
        keys,
        rows.values.map((column) => column[index] ?? null),
      );
      const encoded = encodeWrite({ entityId, source: this.source, version, values }, this.numbers);
      void this.rows.put(rowKey(entityId, version, Number(rows.arrivals[index]!)), encoded);
    }
  }
}
